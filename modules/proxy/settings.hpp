// SPDX-License-Identifier: Apache-2.0
/// The proxy's options, read once from the module's validated config.
#pragma once

#include <microhost/config_reader.hpp>

#include <chrono>
#include <string>

#include "../shared/admin_listener.hpp"
#include "../shared/rpc_page.hpp"

namespace microhost::proxy {

using shared::Asker;
using shared::Head;
using shared::Role;

inline constexpr std::string_view kServerName = "go.micro.proxy";

struct Settings : shared::AdminListener {
    using ms = std::chrono::milliseconds;

    std::string ns;  ///< before the service from a path
    shared::RpcPage rpc;

    // A foreign app that is registered on its behalf.
    std::string server_name, server_address, server_metadata, healthcheck_url;
    ms healthcheck_interval{30'000};

    /// Throws mh::failure.
    static Settings read(const mh_config* config);
    bool has_app() const { return !server_name.empty(); }
};

}  // namespace microhost::proxy
