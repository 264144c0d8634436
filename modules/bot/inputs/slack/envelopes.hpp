// SPDX-License-Identifier: Apache-2.0
/// What comes over a socket of Slack's Socket Mode: parsed, nothing else. Whatever it holds, nothing here fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "../../message.hpp"

namespace microhost::bot::slack {

/// Longer ones are left out: no person types them.
constexpr size_t kLongestText = 16 * 1024;

/// Somebody said something, or typed a slash command.
struct Heard {
    std::string event;  ///< id; the same one may come again
    std::string channel, ts, thread;
    std::string team, user, user_name, text;
    std::string response_url;  ///< of a slash command
    bool direct = false;       ///< in a conversation of two
    bool slash = false;
    bool robot = false;     ///< another app said it
    bool too_long = false;  ///< and so there is no text
};

struct Frame {
    enum class Kind {
        malformed,
        hello,       ///< the socket is ready
        disconnect,  ///< it will not be for long
        envelope,    ///< to be acknowledged
        other,
    };
    Kind kind = Kind::malformed;
    std::string type;      ///< as Slack says it, at most 40 bytes of letters and underscores
    std::string reason;    ///< of a disconnect
    std::string envelope;  ///< id
    std::optional<Heard> heard;
};

Frame read_frame(std::string_view json);

/// {"envelope_id":"..."}
std::string acknowledgement(std::string_view envelope);

/// As the bot sees it. `self` is its own user id.
Message message_of(const Heard& heard, std::string_view self);

}  // namespace microhost::bot::slack
