// SPDX-License-Identifier: Apache-2.0
/// The dashboard's options, read once from the module's validated config.
#pragma once

#include <microhost/config_reader.hpp>

#include <string>

#include "../shared/admin_listener.hpp"
#include "../shared/rpc_page.hpp"
#include "sessions.hpp"

namespace microhost::web {

using shared::Asker;
using shared::Head;
using shared::Role;

/// How a request finds its web service (M@v2.6.0 internal/resolver/web/resolver.go).
enum class Resolver { path, domain, subdomain };

struct Settings : shared::AdminListener {
    std::string ns;  ///< of web services
    Resolver resolver = Resolver::path;
    bool open_apps = false;  ///< web services need no role
    std::string
        static_dir;         ///< files of the page are read there; empty: the ones that are built in
    std::string login_url;  ///< of somebody else's log-in; empty: our own form
    std::string login_service;  ///< the web service that it is a page of, which needs no role
    SessionLimits sessions;
    uint32_t login_attempts = 10;  ///< a minute, by address and by user
    bool enable_stats = false;
    std::string
        proxy_address;  ///< of the listener for web services; empty: they share the dashboard's
    shared::RpcPage rpc;

    /// Throws mh::failure.
    static Settings read(const mh_config* config);
};

}  // namespace microhost::web
