// SPDX-License-Identifier: Apache-2.0
/// A room as we are in it (XEP-0045).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "../../backoff.hpp"
#include "jid.hpp"
#include "stanza.hpp"

namespace microhost::bot::xmpp {

struct Room {
    enum class State : uint8_t {
        out,      ///< not asked for yet, or left
        joining,  ///< asked for; who is there is being told
        in,
        waiting,  ///< asked for again at retry_ms
        closed,   ///< not asked for again: banned, destroyed, a password is missing
    };
    static constexpr size_t kMostOccupants = 10'000;

    Jid address;  ///< without a resource
    std::string wish, password;
    /// What it says about real addresses is believed: a room of a stranger's server could say anything.
    bool trusted = false;
    bool invited = false;  ///< somebody asked us in; the config does not name it

    State state = State::out;
    std::string nick;  ///< the one that we have, or asked for
    std::string trouble;
    uint64_t asked_ms = 0, retry_ms = 0, pinged_ms = 0;
    unsigned conflicts = 0;
    Backoff patience{Backoff::ms(60'000), Backoff::ms(900'000)};
    std::map<std::string, Jid, std::less<>>
        occupants;  ///< nick -> real address, where the room tells it

    /// Empty when the room does not tell it, or is not to be believed.
    Jid real_address(std::string_view who) const {
        const auto at = occupants.find(who);
        return trusted && at != occupants.end() ? at->second : Jid{};
    }
};

/// What a presence from a room says.
struct RoomPresence {
    Jid from;
    bool available = true, error = false;
    bool own = false;  ///< status 110
    bool created = false, renamed = false, kicked = false, banned = false, for_members = false,
         failed = false, shut_down = false;
    bool destroyed = false;
    Jid real;
    std::string new_nick, condition, reason;

    static RoomPresence read(const Element& presence);
};

}  // namespace microhost::bot::xmpp
