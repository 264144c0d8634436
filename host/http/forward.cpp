// SPDX-License-Identifier: Apache-2.0
#include "http/forward.hpp"

#include <charconv>
#include <cstring>

#include "http/engine.hpp"
#include "http/forwarded.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/server_connection.hpp"
#include "http/h1/write_head.hpp"
#include "http/hygiene.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

// Set by the gateway itself on what it forwards; what a trusted peer sent is extended or replaced.
constexpr IdSet kRewritten = id_set({
    MH_H_HOST,
    MH_H_EXPECT,
    MH_H_FORWARDED,
    MH_H_X_FORWARDED_FOR,
    MH_H_X_FORWARDED_PROTO,
    MH_H_X_FORWARDED_HOST,
    MH_H_X_REAL_IP,
    MH_H_X_REQUEST_ID,
    MH_H_TRACEPARENT,
});

unsigned status_of(mh_status why) {
    switch (why) {
        case MH_E_TIMEOUT: return 504;
        default: return 502;
    }
}

}  // namespace

mh_kv own_field(Arena& arena, const mh_kv& field) {
    const std::string_view value = view(field.val);
    const mh_str own =
        value.empty() ? mh_str{field.val.ptr ? "" : nullptr, 0} : str(arena.copy(value));
    return {str(arena.copy(view(field.key))), own};
}

Forward::Forward(Exchange& x, const mh_http_forward_to& to, const ForwardWay& way)
    : x_(&x),
      way_(way),
      on_error_(to.on_error),
      on_head_(to.on_head),
      user_(to.user),
      flags_(to.flags),
      connect_ms_(to.connect_timeout_ms ? to.connect_timeout_ms
                                        : x.site().limits.connect_timeout_ms),
      response_ms_(to.response_timeout_ms ? to.response_timeout_ms
                                          : x.site().limits.response_timeout_ms),
      path_(x.arena().copy(view(to.path))),
      started_ns_(x.engine().loop.now_ns()) {
    if (to.n_set_headers) {
        auto* set = static_cast<mh_kv*>(x.arena().alloc(to.n_set_headers * sizeof(mh_kv)));
        for (uint32_t i = 0; set && i < to.n_set_headers; i++) {
            set[i] = own_field(x.arena(), to.set_headers[i]);
            n_set_ = i + 1;
        }
        set_ = set;
    }
    has_body_ = x.has_body();
    upgrade_ = x.head.upgrade_websocket && flags_ & MH_FORWARD_UPGRADE;
}

void Forward::begin(Exchange& x, const mh_http_forward_to& to, const ForwardWay& way) {
    if (x.body_too_large()) {
        if (way.report) way.report(way.user, false, MH_E_CANCELLED, 0);
        return x.refuse(413, "the request body is too large");
    }
    x.keep_head();
    auto* f = new Forward(x, to, way);
    x.attach(*f);
    if (f->start(false) || f->start_elsewhere()) {
        if (f->has_body_) x.stream_body_to(*f);
        return;
    }
    // Told like every other failure, but after the handler has returned.
    x.engine().loop.defer(
        [](void* p) {
            auto* late = static_cast<Forward*>(p);
            late->deferred_ = false;
            if (late->x_)
                late->give_up(MH_E_UNAVAILABLE, late->refusal_.c_str());
            else
                delete late;
        },
        f);
    f->deferred_ = true;
}

// Nothing was sent, so nothing can run twice; the body, if there is one, has not begun to flow.
bool Forward::start_elsewhere() {
    constexpr unsigned kMostWays = 8;
    while (way_.next && !body_sent_ && ways_ < kMostWays) {
        Upstream* other = way_.next(way_.user, *way_.upstream, &way_.host);
        if (!other) return false;
        way_.upstream = other;
        ways_++;
        if (start(false)) return true;
    }
    return false;
}

bool Forward::start(bool fresh) {
    Engine& e = x_->engine();
    host_ = flags_ & MH_FORWARD_KEEP_HOST ? x_->authority
            : way_.host.empty()           ? std::string_view(way_.upstream->name())
                                          : way_.host;
    UpstreamRequest r;
    r.method = x_->head.method;
    r.upgrade = upgrade_;
    r.fin = !has_body_;
    r.connect_timeout_ms = connect_ms_;
    r.response_timeout_ms = response_ms_;
    r.fresh = fresh;
    size_t n = write_request(e.write_buffer.get(), Engine::kWriteBuffer);
    const char* why = "the head of the request is too large";
    iovec v{e.write_buffer.get(), n};
    const bool begun = n && way_.upstream->start(*this, r, &v, 1, &why);
    if (!begun) refusal_ = why;
    return begun;
}

void Forward::write_forwarded(h1::HeadWriter& w, std::string_view peer) const {
    const std::string element =
        forwarded_element(peer, x_->authority, x_->connection().stream().tls());
    const std::string_view before = x_->all_values(MH_H_FORWARDED);
    if (before.empty())
        w.field("Forwarded", element);
    else
        w.list("Forwarded", before, element);
}

size_t Forward::write_request(char* out, size_t cap) {
    const RequestHead& head = x_->head;
    h1::HeadWriter w(out, cap);
    std::string_view path = path_.empty() ? x_->path.path : path_;
    w.request(head.method_text, path, x_->path.has_query, x_->path.query);
    w.field("Host", host_);
    Connection nominated = Connection::of(head.headers);
    for (uint32_t i = 0; i < head.headers.count; i++) {
        const mh_header& h = head.headers.fields[i];
        if (h.id && (skip_hop_by_hop(h.id) || in(kRewritten, h.id))) continue;
        if (nominated.drops(h)) continue;
        bool replaced = false;
        for (uint32_t k = 0; k < n_set_; k++)
            replaced = replaced || iequals(view(set_[k].key), view(h.name));
        if (!replaced) w.field(view(h.name), view(h.value));
    }
    for (uint32_t k = 0; k < n_set_; k++)
        if (set_[k].val.ptr) w.field(view(set_[k].key), view(set_[k].val));
    std::string_view peer, scheme, id, trace;
    x_->attribute(MH_ATTR_PEER_IP, &peer);
    x_->attribute(MH_ATTR_SCHEME, &scheme);
    x_->attribute(MH_ATTR_REQUEST_ID, &id);
    x_->attribute(MH_ATTR_TRACEPARENT, &trace);
    std::string_view before = x_->all_values(MH_H_X_FORWARDED_FOR);
    if (before.empty())
        w.field("X-Forwarded-For", peer);
    else
        w.list("X-Forwarded-For", before, peer);
    w.field("X-Forwarded-Proto", scheme);
    std::string_view told_host = head.headers.value(MH_H_X_FORWARDED_HOST);
    w.field("X-Forwarded-Host", told_host.empty() ? x_->authority : told_host);
    std::string_view real;
    x_->attribute(MH_ATTR_CLIENT_IP, &real);
    w.field("X-Real-IP", real);
    if (x_->site().rfc7239) write_forwarded(w, peer);
    w.field("X-Request-Id", id);
    w.field("traceparent", trace);
    if (upgrade_)
        w.raw("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    else if (x_->takes_trailers())
        w.raw("Connection: TE\r\nTE: trailers\r\n");
    if (!has_body_ && head.framing == Framing::length) w.raw("Content-Length: 0\r\n");
    if (has_body_) {
        chunked_ = head.framing == Framing::chunked || x_->body_rewritten();
        if (chunked_)
            w.raw("Transfer-Encoding: chunked\r\n");
        else
            w.field("Content-Length", head.content_length);
    }
    w.end();
    return w.overflow() ? 0 : w.size();
}

void Forward::on_request_body(std::string_view piece, bool fin) {
    if (tunnel_) {
        if (!piece.empty()) {
            iovec v{const_cast<char*>(piece.data()), piece.size()};
            send(&v, 1, false);
        }
        if (fin) {
            client_ended_ = true;
            shutdown_write();
            if (upstream_ended_) return end_tunnel_when_sent();
        }
        if (x_ && unsent() > x_->site().limits.output_high) x_->pause_body();
        return;
    }
    if (!active()) return;
    body_sent_ = body_sent_ || !piece.empty();
    char size[24];
    iovec v[3];
    int n = 0;
    if (chunked_ && !piece.empty()) {
        auto r = std::to_chars(size, size + 18, piece.size(), 16);
        *r.ptr++ = '\r';
        *r.ptr++ = '\n';
        v[n++] = {size, static_cast<size_t>(r.ptr - size)};
    }
    if (!piece.empty()) v[n++] = {const_cast<char*>(piece.data()), piece.size()};
    std::string trailers;
    std::string_view end = !chunked_       ? ""
                           : piece.empty() ? (fin ? "0\r\n\r\n" : "")
                                           : (fin ? "\r\n0\r\n\r\n" : "\r\n");
    if (std::string_view late = chunked_ && fin ? x_->request_trailers() : std::string_view{};
        !late.empty()) {
        trailers.append(end.substr(0, end.size() - 2)).append(late).append("\r\n");
        end = trailers;
    }
    if (!end.empty()) v[n++] = {const_cast<char*>(end.data()), end.size()};
    if (n == 0 && !fin) return;
    if (!send(v, n, fin)) return give_up(MH_E_IO, "the upstream closed the connection");
    if (unsent() > x_->site().limits.output_high) x_->pause_body();
}

void Forward::on_drained() {
    if (!x_) return;
    if (client_ended_ && upstream_ended_) return end_tunnel_when_sent();
    x_->resume_body();
}

void Forward::on_client_drained() { resume_reading(); }

void Forward::on_informational(const ResponseHead& head) {
    if (x_) x_->send_informational(head);
}

void Forward::take_head(Exchange& x, const ResponseHead& head) {
    if (way_.report) way_.report(way_.user, true, MH_OK, x.engine().loop.now_ns() - started_ns_);
    way_.report = nullptr;
    ResponseHead& r = x.response;
    r.status = head.status;
    r.framing = head.framing == Framing::length ? Framing::length : Framing::none;
    r.content_length = head.content_length;
    r.headers.count = head.headers.count;
    r.headers.present = head.headers.present;
    std::memcpy(r.headers.fields.data(), head.headers.fields.data(),
                head.headers.count * sizeof(mh_header));
    if (on_head_) on_head_(user_, &x);
}

void Forward::on_response(ResponseHead* head, std::string_view body, bool end) {
    iovec v{const_cast<char*>(body.data()), body.size()};
    Exchange* x = x_;
    if (head && head->status == 101) {
        tunnel_ = true;
        take_head(*x, *head);
        x->start_tunnel(*this);
        if (!x_) return;
        head = nullptr;
    }
    if (tunnel_) {
        if (!body.empty() && !x->connection().write(&v, 1)) return;
        if (end) {
            upstream_ended_ = true;
            if (client_ended_) return end_tunnel_when_sent();
            x->connection().shutdown_write();
        } else if (x->unsent() > x->site().limits.output_high) {
            pause_reading();
        }
        return;
    }
    if (end) {
        if (!trailers().empty()) x->set_response_trailers(trailers());
        Exchange::detach(*this);
        x_ = nullptr;
        x->stop_body();
    }
    bool room = true;
    if (head) {
        take_head(*x, *head);
        x->start_response(&v, body.empty() ? 0 : 1, end);
        room = end || (x_ && x->unsent() < x->site().limits.output_high && !x->response_held());
    } else {
        room = x->push_response(&v, body.empty() ? 0 : 1, end);
    }
    if (end) {
        delete this;
        return;
    }
    if (x_ && !room) pause_reading();
}

void Forward::fetch(unsigned step) const {
    if (x_) x_->fetch(step);
}

void Forward::on_failure(const UpstreamFailure& f) {
    if (f.head_seen) {
        report(false, f.why);
        Exchange* x = x_;
        Exchange::detach(*this);
        x_ = nullptr;
        x->stop_body();
        x->break_response();
        delete this;
        return;
    }
    // Once more, where that cannot run anything twice: see RFC 9110 section 9.2.2.
    bool safe = !body_sent_ && !has_body_ && (f.nothing_sent || idempotent(x_->head.method));
    if (f.stale && safe && !retried_) {
        retried_ = true;
        if (start(true)) return;
    }
    if (f.nothing_sent && f.why == MH_E_UNAVAILABLE && !f.stale && start_elsewhere()) return;
    give_up(f.why, f.detail, f.late);
}

void Forward::give_up(mh_status why, const char* detail, bool late) {
    report(false, why);
    Exchange* x = x_;
    Exchange::detach(*this);
    x_ = nullptr;
    x->stop_body();
    fail(*x, on_error_, user_, why, way_.upstream->name(), detail, late);
    delete this;
}

void Forward::fail(Exchange& x, void (*on_error)(void*, mh_req*, mh_status), void* user,
                   mh_status why, std::string_view upstream, std::string_view reason, bool late) {
    std::string_view id;
    x.attribute(MH_ATTR_REQUEST_ID, &id);
    x.engine().log.warn("an upstream did not answer",
                        {{"upstream", upstream}, {"reason", reason}, {"request", id}});
    if (on_error) on_error(user, &x, why == MH_E_UNAVAILABLE ? MH_E_UNREACHABLE : why);
    if (!x.answered())
        x.refuse(late ? 504 : status_of(why), why == MH_E_TIMEOUT || late
                                                  ? "the upstream did not answer in time"
                                                  : "the upstream is not reachable");
}

void Forward::report(bool ok, mh_status why) {
    if (way_.report) way_.report(way_.user, ok, why, x_->engine().loop.now_ns() - started_ns_);
    way_.report = nullptr;
}

// Both ends said that they are done; what one of them sent last may still wait.
void Forward::end_tunnel_when_sent() {
    if (unsent() == 0) done();
}

void Forward::done() {
    Exchange* x = x_;
    Exchange::detach(*this);
    x_ = nullptr;
    Transaction::abandon();
    x->end_tunnel();
    delete this;
}

void Forward::abandon() {
    Engine* engine = x_ ? &x_->engine() : nullptr;
    if (x_) report(false, MH_E_CANCELLED);  // each pick of a node is reported once
    x_ = nullptr;
    Transaction::abandon();
    // Later: an exchange that replaces or breaks its response abandons us while we hand it a piece.
    if (!deferred_ && engine) engine->loop.free_later(this);
}

}  // namespace microhost::http
