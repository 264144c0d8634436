// SPDX-License-Identifier: Apache-2.0
#include "rpc/mucp.hpp"

#include <charconv>
#include <cstring>

#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc {

http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node) {
    if (!node.address.resolved()) return nullptr;
    if (node.protocol == registry::Protocol::grpc) return nullptr;
    net::Address a;
    std::memcpy(&a.storage, &node.address.socket, node.address.length);
    a.len = node.address.length;
    return &e.http.upstreams.get(a);
}

namespace mucp {
namespace {

using http::view;

// Written here, or of no meaning to a service.
constexpr http::IdSet kOwn = http::id_set({
    MH_H_HOST,
    MH_H_EXPECT,
    MH_H_ACCEPT,
    MH_H_CONTENT_TYPE,
    MH_H_CONTENT_ENCODING,
    MH_H_TIMEOUT,
    MH_H_X_REQUEST_ID,
    MH_H_TRACEPARENT,
    MH_H_MICRO_ID,
    MH_H_MICRO_SERVICE,
    MH_H_MICRO_ENDPOINT,
    MH_H_MICRO_METHOD,
    MH_H_MICRO_ERROR,
    MH_H_MICRO_STREAM,
    MH_H_MICRO_TOPIC,
    MH_H_MICRO_FROM_SERVICE,
    MH_H_X_MICRO_ID,
    MH_H_X_MICRO_SERVICE,
    MH_H_X_MICRO_ENDPOINT,
    MH_H_X_MICRO_METHOD,
    MH_H_X_MICRO_ERROR,
    MH_H_X_MICRO_TARGET,
});

void field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void field(std::string& out, std::string_view name, uint64_t value) {
    char digits[24];
    char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    field(out, name, {digits, static_cast<size_t>(end - digits)});
}

}  // namespace

void write_request_head(std::string& out, const Request& r, std::span<const mh_kv> metadata) {
    out.append("POST / HTTP/1.1\r\n");
    field(out, "Host", r.host);
    field(out, "Accept", r.content_type);
    field(out, "Content-Type", r.content_type);
    field(out, "Micro-Endpoint", r.endpoint);
    field(out, "Micro-Id", r.id);
    field(out, "Micro-Method", r.endpoint);
    field(out, "Micro-Service", r.service);
    field(out, "Timeout", r.timeout_ns);
    if (!r.request_id.empty()) field(out, "X-Request-Id", r.request_id);
    if (!r.traceparent.empty()) field(out, "Traceparent", r.traceparent);
    for (const mh_kv& m : metadata) {
        std::string_view name = view(m.key), value = view(m.val);
        uint32_t id = http::header_id(name);
        if (id && (http::skip_hop_by_hop(id) || http::in(kOwn, id))) continue;
        if (!http::is_token(name) || !http::valid_value(value)) continue;
        field(out, name, value);
    }
}

void finish_request_head(std::string& out, size_t body) {
    field(out, "Content-Length", body);
    out.append("\r\n");
}

}  // namespace mucp
}  // namespace microhost::rpc
