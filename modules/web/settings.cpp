// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

namespace microhost::web {
namespace {

Resolver resolver_of(std::string_view name) {
    if (name == "domain") return Resolver::domain;
    return name == "subdomain" ? Resolver::subdomain : Resolver::path;
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
    s.access.own_pages = true;
    s.rpc.hide_authorization = s.access.has_tokens;
    return s;
}

}  // namespace microhost::web
