// SPDX-License-Identifier: Apache-2.0
/// What a generation of the module hands to the next.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace microhost::bot {

/// A message that has not been answered.
struct Kept {
    std::string input;
    Message message;
    bool confirmed = false;
};

struct State {
    std::map<std::string, std::string> inputs;  ///< what each of them said, any bytes
    std::vector<Kept> waiting;
};

inline constexpr uint32_t kStateSchema = 1;

std::string state_json(const State& s);
/// False for text that is none.
bool read_state(std::string_view json, State& out);

}  // namespace microhost::bot
