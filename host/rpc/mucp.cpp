// SPDX-License-Identifier: Apache-2.0
#include "rpc/mucp.hpp"

#include "http/h1/write_head.hpp"
#include "http/head.hpp"
#include "http/names.hpp"

namespace microhost::rpc::mucp {
namespace {

using http::view;

}  // namespace

std::string_view write_fields(Text& out, const Request& r, std::span<const mh_kv> metadata) {
    size_t bound = 256 + r.accept.size() + 2 * r.endpoint.size() + r.service.size() +
                   r.request_id.size() + r.traceparent.size() + r.from_service.size();
    for (const mh_kv& m : metadata) bound += m.key.len + m.val.len + 4;
    http::h1::HeadWriter w(out.room(bound), bound);
    w.field("Accept", r.accept);
    w.field("Micro-Endpoint", r.endpoint);
    if (!r.from_service.empty()) w.field("Micro-From-Service", r.from_service);
    w.field("Micro-Id", r.id);
    w.field("Micro-Method", r.endpoint);
    w.field("Micro-Service", r.service);
    if (r.stream) w.field("Micro-Stream", r.id);
    if (!r.request_id.empty()) w.field("X-Request-Id", r.request_id);
    if (!r.traceparent.empty()) w.field("Traceparent", r.traceparent);
    for (const mh_kv& m : metadata) {
        std::string_view name = view(m.key), value = view(m.val);
        uint32_t id = http::header_id(name);
        if (id && (http::skip_hop_by_hop(id) || http::in(kNotMetadata, id))) continue;
        if ((!id && !http::is_token(name)) || !http::valid_value(value)) continue;
        w.field(name, value);
    }
    return w.text();
}

std::string_view write_head(Text& out, const Attempt& a, std::string_view fields, size_t more) {
    size_t bound = 256 + a.host.size() + a.content_type.size() + a.error.size() + fields.size();
    http::h1::HeadWriter w(out.room(bound + more), bound);
    w.raw("POST / HTTP/1.1\r\n");
    w.field("Host", a.host.starts_with("unix:") ? "localhost" : a.host);  // RFC 9110 section 7.2
    w.field("Content-Length", a.body);
    w.field("Content-Type", a.content_type);
    if (!a.error.empty()) w.field("Micro-Error", a.error);
    if (!a.for_ever) w.field("Timeout", a.timeout_ms, "000000");  // nanoseconds
    w.raw(fields);
    w.end();
    return w.text();
}

}  // namespace microhost::rpc::mucp
