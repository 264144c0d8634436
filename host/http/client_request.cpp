// SPDX-License-Identifier: Apache-2.0
#include "http/client_request.hpp"

#include <algorithm>
#include <charconv>

#include "http/engine.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/write_head.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

constexpr size_t kLongestName = 253;

bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool visible(std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

bool valid_target(std::string_view t) {
    return t == "*" || (t.starts_with('/') && visible(t) && t.find('#') == t.npos);
}

bool valid_authority(std::string_view a) {
    return !a.empty() && visible(a) && a.find_first_of("/?#@\\,") == a.npos;
}

bool broken(mh_str s) { return !s.ptr && s.len; }

bool expects_body(Method m) { return m == Method::post || m == Method::put || m == Method::patch; }

mh_status write_fields(const mh_http_out& out, h1::HeadWriter& w) {
    if (out.n_headers > kMaxHeaders) return MH_E_LIMIT;
    if (out.n_headers && !out.headers) return MH_E_INVALID;
    for (uint32_t i = 0; i < out.n_headers; i++) {
        const mh_kv& h = out.headers[i];
        if (broken(h.key) || broken(h.val)) return MH_E_INVALID;
        if (!is_token(view(h.key)) || !valid_value(view(h.val))) return MH_E_INVALID;
        const uint32_t id = header_id(view(h.key));
        // Framing and the connection are ours, and so is what would promise a body later.
        if (id && (skip_hop_by_hop(id) || id == MH_H_HOST || id == MH_H_EXPECT)) continue;
        w.field(view(h.key), view(h.val));
    }
    return MH_OK;
}

}  // namespace

std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
    const size_t colon = authority.rfind(':');
    // More than one colon is an address without brackets, not a port.
    return colon == authority.npos || authority.find(':') != colon ? authority
                                                                   : authority.substr(0, colon);
}

bool parse_place(std::string_view text, Place& out) {
    out.host = host_of(text);
    if (Result<net::Address> a = net::Address::parse(text)) {
        out.is_unix = a->is_unix();
        out.port = out.is_unix ? 0 : a->port();
        out.addresses = {*a};
        return true;
    }
    const size_t colon = text.rfind(':');
    if (colon == text.npos || out.host.empty() || out.host.size() > kLongestName) return false;
    if (text.find(':') != colon || text.starts_with('[')) return false;
    const std::string_view port = text.substr(colon + 1);
    auto r = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (r.ec != std::errc{} || r.ptr != port.data() + port.size() || !out.port) return false;
    return std::all_of(out.host.begin(), out.host.end(), in_name);
}

Method method_of_call(std::string_view s) {
    static constexpr struct {
        std::string_view text;
        Method method;
    } kMethods[] = {{"GET", Method::get},    {"HEAD", Method::head},  {"POST", Method::post},
                    {"PUT", Method::put},    {"DELETE", Method::del}, {"OPTIONS", Method::options},
                    {"PATCH", Method::patch}};
    for (const auto& m : kMethods)
        if (m.text == s) return m.method;
    return Method::other;
}

namespace {

/// First line and Host; the rest follows in `w`.
mh_status begin_request(const mh_http_out& out, std::string_view authority, h1::HeadWriter& w) {
    if (broken(out.method) || broken(out.target) || broken(out.authority) ||
        (!out.body.ptr && out.body.len))
        return MH_E_INVALID;
    const std::string_view method = view(out.method), target = view(out.target);
    if (!is_token(method) || method == "CONNECT" || !valid_target(target) ||
        !valid_authority(authority))
        return MH_E_INVALID;
    w.request(method, target);
    w.field("Host", authority);
    return MH_OK;
}

}  // namespace

mh_status write_request(const mh_http_out& out, std::string_view authority, Engine& e,
                        std::string& request) {
    h1::HeadWriter w(e.write_buffer.get(), Engine::kWriteBuffer);
    if (mh_status s = begin_request(out, authority, w)) return s;
    if (mh_status s = write_fields(out, w)) return s;
    if (out.body.len || expects_body(method_of_call(view(out.method))))
        w.field("Content-Length", uint64_t{out.body.len});
    w.end();
    if (w.overflow()) return MH_E_LIMIT;
    request.reserve(w.size() + out.body.len);
    request.assign(w.text()).append(view(out.body));
    return MH_OK;
}

mh_status write_upgrade(const mh_http_out& out, std::string_view authority, std::string_view key,
                        std::string_view offered, Engine& e, std::string& request) {
    for (uint32_t i = 0; out.headers && i < std::min<uint32_t>(out.n_headers, kMaxHeaders); i++) {
        const uint32_t id = header_id(view(out.headers[i].key));
        if (id == MH_H_SEC_WEBSOCKET_KEY || id == MH_H_SEC_WEBSOCKET_VERSION ||
            id == MH_H_SEC_WEBSOCKET_PROTOCOL || id == MH_H_SEC_WEBSOCKET_EXTENSIONS)
            return MH_E_INVALID;
    }
    h1::HeadWriter w(e.write_buffer.get(), Engine::kWriteBuffer);
    if (mh_status s = begin_request(out, authority, w)) return s;
    w.field("Connection", "Upgrade");
    w.field("Upgrade", "websocket");
    w.field("Sec-WebSocket-Version", "13");
    w.field("Sec-WebSocket-Key", key);
    if (!offered.empty()) w.field("Sec-WebSocket-Protocol", offered);
    if (mh_status s = write_fields(out, w)) return s;
    w.end();
    if (w.overflow()) return MH_E_LIMIT;
    request.assign(w.text());
    return MH_OK;
}

}  // namespace microhost::http
