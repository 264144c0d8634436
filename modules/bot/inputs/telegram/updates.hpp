// SPDX-License-Identifier: Apache-2.0
/// What Telegram's getUpdates answers, as messages.
#pragma once

#include <microhost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../../message.hpp"
#include "settings.hpp"

namespace microhost::bot::telegram {

/// Who the bot is, from getMe.
struct Me {
    int64_t id = 0;
    std::string user_name;  ///< without @
};

struct Updates {
    int64_t next = 0;  ///< the offset that confirms them all; 0: there were none
    std::vector<Message> messages;
};

/// Of the array `result`. What is no new text of a person is left out, and so is what was said before `oldest_s`: nobody waits for
/// an answer to that any more.
Updates read_updates(mh::json_value result, const Me& me, const Settings& settings,
                     int64_t oldest_s);

/// What a text asks of the bot: "/list@name services", "@name: list services", and in a direct chat "/list services" too.
/// `addressed` is false when it is for somebody else.
struct Asked {
    std::string text;
    bool addressed;
};
Asked asked(std::string_view text, std::string_view user_name, bool direct);

}  // namespace microhost::bot::telegram
