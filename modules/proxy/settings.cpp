// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <optional>

#include <microhost/fetch.hpp>

namespace microhost::proxy {
namespace {

void check_app(const Settings& s) {
    if (s.server_name.empty() && s.server_address.empty() && s.healthcheck_url.empty()) return;
    if (s.server_name.empty())
        throw mh::failure("Require server name: server_address is given, say server_name too",
                          "/server_name");
    if (s.server_address.empty())
        throw mh::failure("Require server address: server_name is given, say server_address too",
                          "/server_address");
    if (!s.healthcheck_url.empty() && !mh::url::parse(s.healthcheck_url))
        throw mh::failure("healthcheck_url: \"" + s.healthcheck_url.substr(0, 100) +
                              "\" is no URL such as http://127.0.0.1:9090/health",
                          "/healthcheck_url");
    if (s.healthcheck_interval < Settings::ms(100))
        throw mh::failure("healthcheck_interval: must be at least 100ms", "/healthcheck_interval");
}

}  // namespace

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    std::string origins, wrong;
    ms timeout{s.rpc.timeout_ms};
    int64_t max_body = static_cast<int64_t>(s.rpc.max_body);
    // Off this machine anybody could call every service, register their own in place of it, and listen.
    s.read_listener(from, "proxy");
    from.read("namespace", s.ns), from.read("allowed_origins", origins);
    from.read("timeout", timeout), from.read("max_body", max_body);
    from.read("server_name", s.server_name), from.read("server_address", s.server_address);
    from.read("server_metadata", s.server_metadata);
    from.read("healthcheck_url", s.healthcheck_url);
    from.read("healthcheck_interval", s.healthcheck_interval);
    s.rpc.hide_authorization = s.access.has_tokens;
    s.rpc.timeout_ms = static_cast<uint32_t>(std::clamp<int64_t>(timeout.count(), 1, 600'000));
    s.rpc.max_body = static_cast<uint64_t>(std::max<int64_t>(0, max_body));
    if (!s.access.guard.allow_origins(origins, wrong))
        throw mh::failure("allowed_origins: \"" + wrong +
                              "\" is no origin; write such as https://app.example.com",
                          "/allowed_origins");
    check_app(s);
    return s;
}

}  // namespace microhost::proxy
