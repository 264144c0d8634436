// SPDX-License-Identifier: Apache-2.0
/// The way of an answer into a network.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "input.hpp"
#include "output.hpp"

namespace microhost::bot {

/// Sends it in as many messages as it needs and may have. In a room without threads it begins with "@name: ". Answers its bytes.
uint64_t send_answer(Input& in, const Place& to, std::string_view name,
                     const std::vector<Line>& lines, uint64_t missing);

/// Text of our own, line by line.
std::vector<Line> plain_lines(std::string_view text);

}  // namespace microhost::bot
