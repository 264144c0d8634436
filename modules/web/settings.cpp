// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include "../shared/reach.hpp"

namespace microhost::web {
namespace {

void read_tls(const mh::config_reader& from, Settings& s) {
    bool tls = false;
    from.read("enable_tls", tls);
    if (!tls) return;
    from.read("tls_cert_file", s.tls_cert), from.read("tls_key_file", s.tls_key);
    from.read("tls_client_ca_file", s.tls_client_ca);
    if (s.tls_cert.empty() || s.tls_key.empty())
        throw mh::failure("TLS needs --web_tls_cert_file and --web_tls_key_file", "/enable_tls");
}

Resolver resolver_of(std::string_view name) {
    if (name == "domain") return Resolver::domain;
    return name == "subdomain" ? Resolver::subdomain : Resolver::path;
}

}  // namespace

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    std::string role, credential, hosts, resolver, wrong;
    from.read("address", s.address), from.read("namespace", s.ns);
    from.read("resolver", resolver), from.read("open_apps", s.open_apps);
    from.read("local_role", role), from.read("credential", credential);
    from.read("token_file", s.token_file), from.read("insecure", s.access.insecure);
    from.read("allowed_hosts", hosts);
    s.resolver = resolver_of(resolver);
    s.filters_authenticate = credential == "filter";
    s.access.name = "go.micro.web";
    s.access.own_pages = true;
    s.access.local_role = shared::role_of(role);
    s.access.has_tokens = !s.token_file.empty();
    s.rpc.hide_authorization = s.access.has_tokens;
    if (!s.access.guard.allow_hosts(hosts, wrong))
        throw mh::failure("allowed_hosts: \"" + wrong + "\" is no name; write such as web.lan",
                          "/allowed_hosts");
    read_tls(from, s);
    shared::check_reach({s.address, !s.tls_cert.empty(),
                         s.access.has_tokens || s.filters_authenticate, s.access.insecure});
    return s;
}

}  // namespace microhost::web
