// SPDX-License-Identifier: Apache-2.0
#include "rpc/call.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "http/error_json.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"
#include "module/generation.hpp"
#include "rpc/engine.hpp"
#include "rpc/mucp.hpp"

namespace microhost::rpc {

using http::view;

Call::Call(Engine& e) : engine_(e) {
    timer_.owner = this;
    timer_.fire = [](Timer& t) {
        Call* c = static_cast<Deadline&>(t).owner;
        c->report(registry::Outcome::transport_failed);
        c->Transaction::abandon();
        c->end(MH_E_TIMEOUT, {});
    };
}

mh_status Call::open(http::Exchange* x, const mh_rpc_target& t, const mh_rpc_sink& sink,
                     void* user) {
    x_ = nullptr;
    sink_ = sink;
    user_ = user;
    pick_ = {};
    local_ = nullptr;
    upstream_ = nullptr;
    out_.clear();
    reply_.clear();
    sent_ = whole_in_out_ = retried_ = head_seen_ = false;
    service_.assign(view(t.service));
    endpoint_.assign(view(t.endpoint));
    version_.assign(view(t.version));
    content_type_.assign(t.content_type.len ? view(t.content_type) : "application/json");
    started_ns_ = engine_.http.loop.now_ns();
    if (mh_status s = choose(t); s != MH_OK) return s;
    uint32_t timeout = t.timeout_ms ? t.timeout_ms : engine_.http.limits.response_timeout_ms;
    if (x) timeout = std::min(timeout, x->time_left_ms());
    x_ = x;
    timeout_ms_ = timeout;
    open_ = true;
    id_ = engine_.next_id();
    write_head(t, timeout);
    engine_.http.loop.arm(timer_, std::max<uint32_t>(timeout, 1));
    if (x) x->attach(*this);
    return MH_OK;
}

// Where the call goes: a given address, this process, or a node that the selector picks.
mh_status Call::choose(const mh_rpc_target& t) {
    if (t.address.len) {
        Result<net::Address> a = net::Address::parse(view(t.address));
        if (!a) return MH_E_INVALID;
        upstream_ = &engine_.http.upstreams.get(*a);
        return MH_OK;
    }
    if ((local_ = engine_.local(service_))) return MH_OK;
    const registry::Snapshot& known = engine_.snapshot();
    const registry::ServiceNodes* nodes = known.find(service_);
    if (!nodes) return known.vanished(service_, engine_.now()) ? MH_E_UNAVAILABLE : MH_E_NOT_FOUND;
    registry::Filters filters;
    filters.version = version_;
    std::array<std::pair<std::string_view, std::string_view>, 8> labels;
    uint32_t n = std::min<uint32_t>(t.n_labels, labels.size());
    for (uint32_t i = 0; i < n; i++) labels[i] = {view(t.labels[i].key), view(t.labels[i].val)};
    filters.labels = {labels.data(), n};
    pick_ = engine_.selector.pick(*nodes, engine_.now(), filters);
    if (!pick_) return MH_E_UNAVAILABLE;
    upstream_ = upstream_of(engine_, *pick_.node);
    if (upstream_) return MH_OK;
    report(registry::Outcome::connect_failed);
    return MH_E_UNAVAILABLE;
}

void Call::write_head(const mh_rpc_target& t, uint32_t timeout_ms) {
    if (local_) {
        in_.service = service_;
        in_.endpoint = endpoint_;
        in_.metadata.clear();
        for (uint32_t i = 0; i < t.n_metadata; i++)
            in_.metadata.emplace_back(view(t.metadata[i].key), view(t.metadata[i].val));
        if (x_) in_.metadata.emplace_back("X-Request-Id", x_->request_id());
        return;
    }
    mucp::Request r;
    r.service = service_;
    r.endpoint = endpoint_;
    r.content_type = content_type_;
    r.id = id_;
    r.timeout_ns = uint64_t{timeout_ms} * 1'000'000;
    r.host = upstream_->name();
    std::string_view trace;
    if (x_) {
        r.request_id = x_->request_id();
        x_->attribute(MH_ATTR_TRACEPARENT, &trace);
        r.traceparent = trace;
    }
    mucp::write_request_head(out_, r, {t.metadata, t.n_metadata});
}

mh_status Call::send(std::string_view body, bool fin) {
    if (!open_ || sent_) return MH_E_GONE;
    if (!fin) return MH_E_UNSUPPORTED;
    sent_ = true;
    if (local_) return send_local(body);
    mucp::finish_request_head(out_, body.size());
    whole_in_out_ = body.size() <= 16 * 1024;
    if (whole_in_out_) out_.append(body);
    iovec v[2] = {{out_.data(), out_.size()}, {const_cast<char*>(body.data()), body.size()}};
    http::UpstreamRequest r;
    r.method = http::Method::post;
    r.connect_timeout_ms = engine_.http.limits.connect_timeout_ms;
    const char* why = "";
    if (upstream_->start(*this, r, v, whole_in_out_ ? 1 : 2, &why)) return MH_OK;
    if (try_another_node()) return MH_OK;
    report(registry::Outcome::connect_failed);
    end(MH_E_UNAVAILABLE, why);
    return MH_OK;
}

// Nothing reached the first node, so nothing can run twice.
bool Call::try_another_node() {
    if (retried_ || !pick_ || !whole_in_out_) return false;
    retried_ = true;
    const registry::ServiceNodes* nodes = engine_.snapshot().find(service_);
    if (!nodes) return false;
    registry::Filters filters;
    filters.version = version_;
    filters.avoid = pick_.slot;
    report(registry::Outcome::connect_failed);
    pick_ = engine_.selector.pick(*nodes, engine_.now(), filters);
    if (!pick_) return false;
    upstream_ = upstream_of(engine_, *pick_.node);
    if (!upstream_) return false;
    iovec v{out_.data(), out_.size()};
    http::UpstreamRequest r;
    r.method = http::Method::post;
    r.connect_timeout_ms = engine_.http.limits.connect_timeout_ms;
    const char* why = "";
    return upstream_->start(*this, r, &v, 1, &why);
}

void Call::on_response(http::ResponseHead* head, std::string_view body, bool last) {
    if (head && last && !head_seen_) {  // the usual case: all of it in one read, lent as it is
        take_reply(head->status, head->headers, body);
        return;
    }
    if (head) {
        head_seen_ = true;
        reply_status_ = head->status;
        reply_error_.assign(head->headers.value(MH_H_MICRO_ERROR));
        reply_type_.assign(head->headers.value(MH_H_CONTENT_TYPE));
    }
    if (reply_.size() + body.size() > engine_.http.limits.body_bytes) {
        Transaction::abandon();
        report(registry::Outcome::success);
        end(MH_E_LIMIT, "the reply is too large");
        return;
    }
    reply_.append(body);
    if (!last) return;
    http::Headers h;
    h.fields[0] = {http::str("Content-Type"), http::str(reply_type_), MH_H_CONTENT_TYPE, 0};
    h.count = 1;
    h.mark(MH_H_CONTENT_TYPE);
    if (!reply_error_.empty()) {
        h.fields[1] = {http::str("Micro-Error"), http::str(reply_error_), MH_H_MICRO_ERROR, 0};
        h.count = 2;
        h.mark(MH_H_MICRO_ERROR);
    }
    take_reply(reply_status_, h, reply_);
}

// Micro's rules for a reply: status 200 or it is the transport that failed; Micro-Error wins over a body.
void Call::take_reply(uint16_t status, const http::Headers& h, std::string_view body) {
    if (status != 200) {
        report(registry::Outcome::transport_failed);
        char text[256];
        int n = snprintf(text, sizeof text, "%u %.*s", status,
                         static_cast<int>(std::min<size_t>(body.size(), 200)), body.data());
        end(MH_E_IO, {text, std::min<size_t>(static_cast<size_t>(n), sizeof text - 1)});
        return;
    }
    report(registry::Outcome::success);
    std::string_view error = h.value(MH_H_MICRO_ERROR);
    if (!error.empty()) return end(MH_E_INVALID, error);
    deliver(h.value(MH_H_CONTENT_TYPE), h.fields.data(), h.count, body);
}

void Call::deliver(std::string_view type, const mh_header* h, uint32_t n, std::string_view body) {
    mh_rpc_message m{sizeof m, n, http::seg(body), http::str(type), h};
    const uint64_t id = id_;
    Wheel::disarm(timer_);
    sink_.on_message(user_, this, &m);
    if (open_ && id == id_) end(MH_OK, {});  // unless it was cancelled in the callback
}

void Call::on_failure(const http::UpstreamFailure& f) {
    if (f.nothing_sent && try_another_node()) return;
    report(f.nothing_sent ? registry::Outcome::connect_failed
                          : registry::Outcome::transport_failed);
    end(f.why, f.detail);
}

void Call::report(registry::Outcome outcome) {
    if (!pick_) return;
    auto latency = std::chrono::nanoseconds(engine_.http.loop.now_ns() - started_ns_);
    engine_.selector.report(pick_, engine_.snapshot().find(service_), outcome, latency,
                            engine_.now());
    pick_ = {};
}

void Call::end(mh_status s, std::string_view error) {
    if (!open_) return;
    auto on_end = sink_.on_end;
    void* user = user_;
    release();
    on_end(user, this, s, http::str(error));
}

void Call::release() {
    open_ = false;
    http::Exchange::detach(*this);
    x_ = nullptr;
    Wheel::disarm(timer_);
    if (reply_.capacity() > 256 * 1024) std::string().swap(reply_);
    if (out_.capacity() > 64 * 1024) std::string().swap(out_);
    if (!local_pending_) engine_.recycle(this);
}

uint32_t Call::time_left_ms() const {
    uint64_t gone = (engine_.http.loop.now_ns() - started_ns_) / 1'000'000;
    return gone < timeout_ms_ ? static_cast<uint32_t>(timeout_ms_ - gone) : 0;
}

void Call::cancel() {
    if (!open_) return;
    report(registry::Outcome::cancelled);
    Transaction::abandon();
    release();
}

void Call::abandon() { cancel(); }

// ---- within the process

mh_status Call::send_local(std::string_view body) {
    const mh_rpc_endpoint* e = local_->find(endpoint_);
    if (!e || !e->on_call) {
        std::string text = "rpc: can't find method " + endpoint_;
        end(MH_E_INVALID, text);
        return MH_OK;
    }
    mh_rpc_message m{sizeof m, 0, http::seg(body), http::str(content_type_), nullptr};
    in_.call = this;
    local_pending_ = true;
    module::guarded(local_->generation->side(), "on_call",
                    [&] { e->on_call(local_->shard, local_->service->user, &in_, &m); });
    return MH_OK;
}

void Call::answer(std::string_view content_type, std::string_view body) {
    local_pending_ = false;
    in_.call = nullptr;
    if (!open_) return engine_.recycle(this);  // nobody waits any more
    deliver(content_type.empty() ? std::string_view(content_type_) : content_type, nullptr, 0, body);
}

void Call::answer_error(std::string_view error) {
    local_pending_ = false;
    in_.call = nullptr;
    if (!open_) return engine_.recycle(this);
    end(MH_E_INVALID, error);
}

}  // namespace microhost::rpc
