// SPDX-License-Identifier: Apache-2.0
#include "admin_listener.hpp"

#include <microhost/host.hpp>

namespace microhost::shared {
namespace {

void read_tls(const mh::config_reader& from, std::string_view module, AdminListener& l) {
    bool tls = false;
    from.read("enable_tls", tls);
    if (!tls) return;
    from.read("tls_cert_file", l.tls_cert), from.read("tls_key_file", l.tls_key);
    from.read("tls_client_ca_file", l.tls_client_ca);
    const std::string flag = "--" + std::string(module);
    if (l.tls_cert.empty() || l.tls_key.empty())
        throw mh::failure("TLS needs " + flag + "_tls_cert_file and " + flag + "_tls_key_file",
                          "/enable_tls");
}

}  // namespace

bool is_loopback_address(std::string_view address) {
    if (address.starts_with("unix:")) return true;
    if (address.starts_with(':')) return false;
    return is_loopback_name(host_name(address));
}

void AdminListener::check_reach(std::string_view at, std::string_view option) const {
    const bool tls = !tls_cert.empty();
    const bool credential = access.has_tokens || filters_authenticate || !users_file.empty();
    if (access.insecure || is_loopback_address(at) || (tls && credential)) return;
    const std::string kinds =
        std::string(has_log_in ? "users_file, " : "") + "token_file, or credential=filter";
    const std::string lacks =
        tls ? "a credential: " + kinds
        : credential
            ? "TLS: enable_tls, tls_cert_file and tls_key_file"
            : "TLS (enable_tls, tls_cert_file, tls_key_file) and a credential (" + kinds + ")";
    throw mh::failure(std::string(option) + " " + std::string(at) +
                          " is reached from other machines and needs " + lacks +
                          "; or listen on 127.0.0.1, or say insecure=true",
                      "/" + std::string(option));
}

void AdminListener::read_listener(const mh::config_reader& from, std::string_view module) {
    std::string role, credential, hosts, wrong;
    from.read("address", address), from.read("token_file", token_file);
    from.read("local_role", role), from.read("credential", credential);
    from.read("insecure", access.insecure), from.read("allowed_hosts", hosts);
    has_log_in = from.read("users_file", users_file);
    filters_authenticate = credential == "filter";
    access.name = "go.micro." + std::string(module);
    access.local_role = role_of(role);
    access.has_tokens = !token_file.empty();
    if (!access.guard.allow_hosts(hosts, wrong))
        throw mh::failure("allowed_hosts: \"" + wrong + "\" is no name; write such as " +
                              std::string(module) + ".lan",
                          "/allowed_hosts");
    read_tls(from, module, *this);
    check_reach(address, "address");
}

mh_http_listener AdminListener::contribution(const char* module) const {
    return {sizeof(mh_http_listener),
            0,
            module,
            module,
            mh::lend(address),
            mh::lend(tls_cert),
            mh::lend(tls_key),
            mh::lend(tls_client_ca)};
}

}  // namespace microhost::shared
