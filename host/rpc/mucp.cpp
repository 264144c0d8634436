// SPDX-License-Identifier: Apache-2.0
#include "rpc/mucp.hpp"

#include <charconv>

#include "http/h1/hop_by_hop.hpp"
#include "http/head.hpp"
#include "http/names.hpp"

namespace microhost::rpc::mucp {
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

template <size_t N>
void field(std::string& out, const char (&name)[N], std::string_view value) {
    out.append(name, N - 1).append(value).append("\r\n", 2);
}

template <size_t N>
void field(std::string& out, const char (&name)[N], uint64_t value) {
    char digits[24];
    char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    field(out, name, {digits, static_cast<size_t>(end - digits)});
}

}  // namespace

void write_fields(std::string& out, const Request& r, std::span<const mh_kv> metadata) {
    field(out, "Accept: ", r.accept);
    field(out, "Micro-Endpoint: ", r.endpoint);
    field(out, "Micro-Id: ", r.id);
    field(out, "Micro-Method: ", r.endpoint);
    field(out, "Micro-Service: ", r.service);
    if (!r.request_id.empty()) field(out, "X-Request-Id: ", r.request_id);
    if (!r.traceparent.empty()) field(out, "Traceparent: ", r.traceparent);
    for (const mh_kv& m : metadata) {
        std::string_view name = view(m.key), value = view(m.val);
        uint32_t id = http::header_id(name);
        if (id && (http::skip_hop_by_hop(id) || http::in(kOwn, id))) continue;
        if (!http::is_token(name) || !http::valid_value(value)) continue;
        out.append(name).append(": ", 2).append(value).append("\r\n", 2);
    }
}

void write_head(std::string& out, const Attempt& a, std::string_view fields) {
    field(out, "POST / HTTP/1.1\r\nHost: ", a.host);
    field(out, "Content-Length: ", a.body);
    field(out, "Content-Type: ", a.content_type);
    field(out, "Timeout: ", a.timeout_ns);
    out.append(fields).append("\r\n", 2);
}

}  // namespace microhost::rpc::mucp
