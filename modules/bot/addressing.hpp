// SPDX-License-Identifier: Apache-2.0
/// Whether a message is for the bot, and what it says then.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace microhost::bot {

struct Callsigns {
    std::vector<std::string> names;  ///< what people call it, in any case
    std::string prefix;              ///< before a command: "!"; empty: none
};

enum class Reach : uint8_t {
    none,    ///< not for the bot
    prefix,  ///< perhaps: other bots may have the same one
    named,   ///< direct, mentioned, or called by name
};

struct Heard {
    Reach reach = Reach::none;
    std::string_view text;  ///< of the message: what is left, without spaces around it
};

Heard listen(const Callsigns& signs, const Message& m);

}  // namespace microhost::bot
