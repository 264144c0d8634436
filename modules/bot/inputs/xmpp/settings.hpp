// SPDX-License-Identifier: Apache-2.0
/// The options of the input, read once; README.md says more.
#pragma once

#include <microhost/config.h>

#include <string>
#include <vector>

#include "session.hpp"

namespace microhost::bot::xmpp {

struct Settings {
    std::string name = "xmpp";  ///< of the input; the first part of identities
    Account account;
    std::string password_file;  ///< watched
    std::string server;         ///< HOST or HOST:PORT; empty: as the domain's DNS says
    bool direct_tls = false;
    std::string ca_file;
    std::vector<std::string> rooms;
    std::string nick;
    std::vector<std::string> inviters;  ///< addresses, domains, or "*"
    bool debug = false;                 ///< names of stanzas in the log, never what they say

    /// Throw mh::failure for what cannot work.
    static Settings xmpp(const mh_config* config);
    static Settings hipchat(const mh_config* config);

    /// Where to connect without DNS: "host:port".
    std::string fallback_address() const;
    /// Whether somebody may ask the bot into a room.
    bool may_invite(const Jid& who) const;
};

}  // namespace microhost::bot::xmpp
