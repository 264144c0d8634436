// SPDX-License-Identifier: Apache-2.0
/// What a stanza that came means, as far as it can be said without knowing the session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jid.hpp"
#include "stanza.hpp"

namespace microhost::bot::xmpp {

/// A message that was kept somewhere and is told later: history of a room, mail for who was away. False for what our own server held
/// back for no more than ten minutes, while a connection was lost.
bool is_old(const Element& message, const Jid& self, int64_t now_s);

/// Takes "nick", "nick:", "@nick," and the like off the front, whatever the case. False: it begins with none of the names.
bool take_mention(std::string_view& text, const std::vector<std::string>& names);

struct Invitation {
    Jid room, inviter;
    std::string password;
    bool mediated = false;  ///< it is the room's word that `inviter` sent it
};
std::optional<Invitation> read_invitation(const Element& message);

/// To a request: ping, what we are, which version; an error to everything else.
Element answer_to(const Element& iq);

}  // namespace microhost::bot::xmpp
