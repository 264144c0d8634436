// SPDX-License-Identifier: Apache-2.0
#include "reach.hpp"

#include <microhost/host.hpp>

#include "page_guard.hpp"

namespace microhost::shared {

bool is_loopback_address(std::string_view address) {
    if (address.starts_with("unix:")) return true;
    if (address.starts_with(':')) return false;
    return is_loopback_name(host_name(address));
}

void check_reach(const Reach& r) {
    if (r.insecure || is_loopback_address(r.address) || (r.tls && r.credential)) return;
    const std::string lacks = r.tls ? "a credential: token_file, or credential=filter"
                              : r.credential
                                  ? "TLS: enable_tls, tls_cert_file and tls_key_file"
                                  : "TLS (enable_tls, tls_cert_file, tls_key_file) and a "
                                    "credential (token_file, or credential=filter)";
    throw mh::failure("address " + r.address + " is reached from other machines and needs " +
                          lacks + "; or listen on 127.0.0.1, or say insecure=true",
                      "/address");
}

}  // namespace microhost::shared
