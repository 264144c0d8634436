// SPDX-License-Identifier: Apache-2.0
/// A request in flight, as filters and handlers see it. A handle: cheap to copy, valid on its loop until on_done.
#pragma once

#include <microhost/error.hpp>
#include <microhost/host.hpp>

#include <span>

namespace mh {

inline constexpr verdict go_on = MH_V_CONTINUE;
inline constexpr verdict detach = MH_V_DETACH;
inline constexpr verdict pending = MH_V_PENDING;
inline constexpr verdict answered = MH_V_RESPOND;
inline constexpr verdict undecided = MH_V_FAIL;

/// MH_H_* of a name, whatever its case; 0 for one that the host does not know. For configuration, not for each request.
inline uint32_t header_id(string_view name) {
#define MH_GLUE_SAME(ID, TEXT) \
    if (equal_names(name, TEXT)) return MH_H_##ID;
    MH_HTTP_NAMES(MH_GLUE_SAME)
#undef MH_GLUE_SAME
    return MH_H_NONE;
}

class request {
  public:
    explicit request(mh_req* r) : r_(r) {}
    mh_req* raw() const { return r_; }

    string_view method() const { return attribute(MH_ATTR_METHOD); }
    string_view path() const { return attribute(MH_ATTR_PATH); }
    string_view query() const { return attribute(MH_ATTR_QUERY); }
    string_view client_ip() const { return attribute(MH_ATTR_CLIENT_IP); }
    /// MH_ATTR_*; empty when this request has none.
    string_view attribute(uint32_t id) const {
        mh_str out{};
        return table().attr(r_, id, &out) == MH_OK ? view(out) : string_view{};
    }
    /// MH_REQ_* bits.
    uint32_t flags() const { return table().flags(r_); }
    unsigned status() const { return table().status(r_); }

    /// First field with this id (MH_H_*) or name; empty when there is none.
    string_view header(uint32_t id) const { return header(MH_DIR_REQUEST, id); }
    string_view header(string_view name) const { return header(MH_DIR_REQUEST, name); }
    string_view response_header(uint32_t id) const { return header(MH_DIR_RESPONSE, id); }
    string_view response_header(string_view name) const { return header(MH_DIR_RESPONSE, name); }
    std::span<const mh_header> headers(uint32_t dir = MH_DIR_REQUEST) const {
        const mh_header* h = nullptr;
        uint32_t n = 0;
        return table().headers(r_, dir, &h, &n) == MH_OK ? std::span(h, n)
                                                         : std::span<const mh_header>{};
    }
    mh_status set_header(string_view name, string_view value) {
        return table().header_edit(r_, MH_DIR_REQUEST, MH_EDIT_SET, lend(name), lend(value));
    }
    mh_status set_response_header(string_view name, string_view value) {
        return table().header_edit(r_, MH_DIR_RESPONSE, MH_EDIT_SET, lend(name), lend(value));
    }
    mh_status add_header(string_view name, string_view value) {
        return table().header_edit(r_, MH_DIR_REQUEST, MH_EDIT_ADD, lend(name), lend(value));
    }
    mh_status remove_header(string_view name) {
        return table().header_edit(r_, MH_DIR_REQUEST, MH_EDIT_REMOVE, lend(name), {});
    }
    /// MH_DIR_* and MH_EDIT_*: the other ways to change a field.
    mh_status edit(uint32_t dir, uint32_t op, string_view name, string_view value = {}) {
        return table().header_edit(r_, dir, op, lend(name), lend(value));
    }
    /// Path and query that the handler sees, checked like a client's; before it runs only.
    mh_status rewrite(string_view path, string_view query) {
        return table().rewrite(r_, lend(path), lend(query));
    }
    /// The label of logs and metrics; keep the number of different ones small.
    mh_status set_route(string_view name) { return table().route_set(r_, lend(name)); }
    /// In a body hook: what goes on instead of the bytes of this call.
    mh_status replace_body(uint32_t dir, string_view piece) {
        const mh_seg seg = bytes(piece);
        return table().body_replace(r_, dir, &seg, piece.empty() ? 0 : 1);
    }
    /// A pointer of this filter or handler for this request, null at first. What it points to is freed in on_done.
    template <class T>
    T* kept() const {
        return static_cast<T*>(*table().slot(r_));
    }
    void keep(void* p) { *table().slot(r_) = p; }

    /// Answers the whole request; `return r.respond(...)` from a filter's hook.
    verdict respond(unsigned status, string_view content_type, string_view body,
                    std::initializer_list<field> more = {}) {
        return respond(status, content_type, body, std::span(more.begin(), more.size()));
    }
    verdict respond(unsigned status, string_view content_type, string_view body,
                    std::span<const field> more) {
        mh_kv kv[16] = {{lend("Content-Type"), lend(content_type)}};
        uint32_t n = content_type.empty() ? 0 : 1;
        for (const field& f : more) {
            if (n < 16) kv[n++] = {lend(f.key), lend(f.value)};
        }
        const mh_seg seg = bytes(body);
        const mh_status s = table().respond(r_, status, kv, n, &seg, body.empty() ? 0 : 1);
        return s == MH_OK ? answered : undecided;
    }
    /// Micro's error JSON.
    verdict respond_error(unsigned status, string_view id, string_view detail,
                          std::initializer_list<field> more = {}) {
        return respond(status, "application/json", error_json(id, status, detail), more);
    }

    /// nullptr while nobody is authenticated.
    const mh_principal* principal() const { return table().principal(r_); }
    mh_status set_principal(string_view subject, string_view issuer,
                            std::span<const mh_str> roles = {},
                            std::span<const mh_kv> claims = {}) {
        mh_principal p{};
        p.size = sizeof p;
        p.subject = lend(subject);
        p.issuer = lend(issuer);
        p.roles = roles.data();
        p.n_roles = static_cast<uint32_t>(roles.size());
        p.claims = claims.data();
        p.n_claims = static_cast<uint32_t>(claims.size());
        return table().principal_set(r_, &p);
    }

    /// Afterwards return mh::pending. resume() works from every thread.
    token suspend(uint32_t timeout_ms) { return table().suspend(r_, timeout_ms); }
    uint64_t now_ns() const { return table().now_ns(r_); }
    uint32_t time_left_ms() const { return table().time_left_ms(r_); }

    void log(int32_t level, string_view text) const {
        if (the_table<mh_log>) {
            the_table<mh_log>->write_req(the_host, r_, level, lend(text), nullptr, 0);
        }
    }

  private:
    static const mh_http_request& table() { return *the_table<mh_http_request>; }
    string_view header(uint32_t dir, uint32_t id) const {
        mh_str out{};
        return table().header(r_, dir, id, &out) == MH_OK ? view(out) : string_view{};
    }
    string_view header(uint32_t dir, string_view name) const {
        mh_str out{};
        return table().header_named(r_, dir, lend(name), &out) == MH_OK ? view(out) : string_view{};
    }
    mh_req* r_;
};

/// MH_E_GONE when the request ended, timed out or was resumed already.
inline mh_status resume(token t, verdict v) { return the_table<mh_http_request>->resume(t, v); }

}  // namespace mh
