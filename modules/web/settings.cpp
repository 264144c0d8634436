// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <filesystem>

#include "names.hpp"

namespace microhost::web {
namespace {

Resolver resolver_of(std::string_view name) {
    if (name == "domain") return Resolver::domain;
    return name == "subdomain" ? Resolver::subdomain : Resolver::path;
}

/// The web service that shows the log-in; empty for one that is somewhere else.
std::string service_of_login(const std::string& url, std::string_view ns) {
    if (url.empty() || url.starts_with("https://") || url.starts_with("http://")) return {};
    const std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
    const AppName app = app_by_path(ns, path);
    if (!path.starts_with('/') || app.service.empty() || is_reserved(app.base.substr(1)))
        throw mh::failure("auth_login_url " + url +
                              " leads nowhere: write the path of a web service, as /account/login, "
                              "or a URL with https://",
                          "/auth_login_url");
    return app.service;
}

}  // namespace

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    std::string resolver;
    s.read_listener(from, "web");
    from.read("namespace", s.ns), from.read("open_apps", s.open_apps);
    from.read("resolver", resolver), from.read("static_dir", s.static_dir);
    s.resolver = resolver_of(resolver);
    if (!s.static_dir.empty() && !std::filesystem::exists(s.static_dir + "/index.html"))
        throw mh::failure("static_dir: there is no index.html in " + s.static_dir +
                              "; make it with: node modules/web/ui/build.mjs " + s.static_dir,
                          "/static_dir", MH_E_IO);
    from.read("auth_login_url", s.login_url);
    s.login_service = service_of_login(s.login_url, s.ns);
    s.access.own_pages = true;
    std::chrono::milliseconds idle{}, total{};
    from.read("session_idle", idle), from.read("session_length", total);
    s.sessions = {static_cast<uint64_t>(idle.count()), static_cast<uint64_t>(total.count())};
    if (s.sessions.idle_ms == 0 || s.sessions.total_ms == 0)
        throw mh::failure("sessions of no length: nobody would be logged in", "/session_idle");
    from.read("login_attempts", s.login_attempts);
    from.read("enable_stats", s.enable_stats);
    from.read("proxy_address", s.proxy_address);
    if (!s.proxy_address.empty()) s.check_reach(s.proxy_address, "proxy_address");
    s.rpc.hide_authorization = s.access.has_tokens;
    return s;
}

}  // namespace microhost::web
