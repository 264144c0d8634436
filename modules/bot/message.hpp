// SPDX-License-Identifier: Apache-2.0
/// What is said in a chat network, whichever it is.
#pragma once

#include <string>

namespace microhost::bot {

/// Who spoke.
struct Sender {
    std::string name;  ///< as people see it; anybody may take it, so it never decides a right
    /// What the network itself vouches for: "xmpp:ada@example.org", "slack:T1/U1", "irc:libera/ada". Empty: it vouches for nobody.
    std::string identity;
    bool robot = false;  ///< another bot: it gets no answer
};

/// Where somebody spoke, and so where the answer goes. Only the input that made it understands it.
struct Place {
    std::string room;    ///< address of the room; empty in a direct conversation
    std::string peer;    ///< address of whoever spoke
    std::string thread;  ///< of the conversation within the room; empty: none
    bool direct() const { return room.empty(); }
};

struct Message {
    Sender from;
    Place place;
    /// Without the mention that it began with.
    std::string text;
    /// It began with a mention of the bot in the network's own way ("<@U1>", a nick and a colon), or is direct. The bot's plain names
    /// are the bot's own business.
    bool addressed = false;
};

}  // namespace microhost::bot
