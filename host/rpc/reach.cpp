// SPDX-License-Identifier: Apache-2.0
#include "rpc/reach.hpp"

#include <cstring>

#include "rpc/engine.hpp"

namespace microhost::rpc {

bool address_of(const registry::LiveNode& node, net::Address& out) {
    if (!node.address.resolved()) return false;
    std::memcpy(&out.storage, &node.address.socket, node.address.length);
    out.len = node.address.length;
    return true;
}

bool wants_tls(const registry::LiveNode& node) {
    return registry::get(node.node.metadata, "secure") == "true";
}

http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node, const char** why) {
    if (http::Upstream* known = e.known_upstream(node)) return known;
    net::Address address;
    if (node.protocol == registry::Protocol::grpc) {
        *why = "its nodes speak gRPC, and this host calls nodes that speak mucp";
        return nullptr;
    }
    if (!address_of(node, address)) {
        *why = "its address is a host name, and names are not resolved; register an IP address";
        e.say_unresolved(node.node.address);
        return nullptr;
    }
    const bool secure = !node.node.metadata.empty() && wants_tls(node);
    if (secure && !e.tls) {
        *why = "its node asks for TLS, and this host has no TLS for upstreams";
        return nullptr;
    }
    http::Upstream& u =
        e.http.upstreams.get(address, secure ? e.tls : nullptr,
                             secure ? std::string_view(node.address.host) : std::string_view{});
    e.remember_upstream(node, u);
    return &u;
}

}  // namespace microhost::rpc
