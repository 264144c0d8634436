// SPDX-License-Identifier: Apache-2.0
/// The options of the input, read once; README.md of the module says more.
#pragma once

#include <microhost/config.h>

#include <string>
#include <vector>

#include "outbox.hpp"

namespace microhost::bot::irc {

struct Settings {
    std::string server;  ///< "host:port"
    std::string host;
    bool tls = true;
    bool insecure = false;  ///< passwords may go in the clear, to a server on this machine
    std::string ca_file, cert_file, key_file;
    std::string nick = "microbot", user = "microbot";
    std::string password, password_file;  ///< of the server, not of an account
    std::string sasl;  ///< "plain", "external", "scram-sha-256", "none"; empty: what fits
    std::string account, account_password, account_password_file;
    std::vector<std::string> channels;
    int burst = 5;    ///< lines at once
    ms pause{2'000};  ///< and then one each

    /// Throws mh::failure for what cannot work.
    static Settings read(const mh_config* config);
    /// The same for what read() did not fill in: the server's address is split, and the parts have to fit each other.
    void check();
    bool wants_sasl() const { return sasl != "none"; }
};

}  // namespace microhost::bot::irc
