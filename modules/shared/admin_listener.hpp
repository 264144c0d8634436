// SPDX-License-Identifier: Apache-2.0
/// The options that admin surfaces have in common: where they listen, and who may use them.
#pragma once

#include <microhost/draft/http_server.h>
#include <microhost/config_reader.hpp>

#include <string>
#include <string_view>

#include "access.hpp"

namespace microhost::shared {

/// Whether that address of a listener is reached from this machine only.
bool is_loopback_address(std::string_view address);

struct AdminListener {
    std::string address;
    std::string tls_cert, tls_key, tls_client_ca;  ///< empty: plain text
    std::string token_file;                        ///< empty: no tokens of our own
    std::string users_file;                        ///< of who may log in; empty: nobody
    bool filters_authenticate = false;
    AccessRules access;
    bool has_log_in = false;  ///< the module has an option users_file

    /// Reads them for `module` ("proxy"). Throws mh::failure, also for an address that others reach in plain text or without a
    /// credential, unless the operator says insecure: anybody could use it.
    void read_listener(const mh::config_reader& from, std::string_view module);
    /// The same for one more address of `option`, which has the same TLS and the same users.
    void check_reach(std::string_view at, std::string_view option) const;
    /// What the module contributes; views of this.
    mh_http_listener contribution(const char* module) const;
};

}  // namespace microhost::shared
