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
    bool filters_authenticate = false;
    AccessRules access;

    /// Reads them for `module` ("proxy"). Throws mh::failure, also for an address that others reach in plain text or without a
    /// credential, unless the operator says insecure: anybody could use it.
    void read_listener(const mh::config_reader& from, std::string_view module);
    /// What the module contributes; views of this.
    mh_http_listener contribution(const char* module) const;
};

}  // namespace microhost::shared
