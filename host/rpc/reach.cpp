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
    return !node.node.metadata.empty() && registry::get(node.node.metadata, "secure") == "true";
}

const char* refusal_of(const Engine& e, const registry::LiveNode& node) {
    if (node.protocol == registry::Protocol::grpc)
        return "its nodes speak gRPC, and this host calls nodes that speak mucp";
    if (!e.tls && wants_tls(node))
        return "its node asks for TLS, and this host has no TLS for upstreams";
    if (!node.address.resolved() && !e.names.resolver)
        return "its address is a host name, and names are not resolved here";
    return nullptr;
}

http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node) {
    net::Address address;
    if (!address_of(node, address)) return nullptr;
    const bool secure = wants_tls(node);
    http::Upstream& u =
        e.http.upstreams.get(address, secure ? e.tls : nullptr,
                             secure ? std::string_view(node.address.host) : std::string_view{});
    e.remember_upstream(node, u);
    return &u;
}

http::Upstream* named_upstream(Engine& e, std::string_view place,
                               const net::TlsClientContext* tls) {
    const net::Address* first = e.names.find(place);
    if (!first) return nullptr;
    return &e.http.upstreams.get(*first, tls,
                                 tls ? place.substr(0, place.rfind(':')) : std::string_view{});
}

}  // namespace microhost::rpc
