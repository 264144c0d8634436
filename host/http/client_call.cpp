// SPDX-License-Identifier: Apache-2.0
#include "http/client_call.hpp"

#include <algorithm>
#include <cstring>

#include "http/engine.hpp"
#include "module/host_side.hpp"

namespace microhost::http {
namespace {

constexpr uint64_t kMaxResponse = 4 * 1024 * 1024;

}  // namespace

ClientCall::ClientCall(Engine& e, module::HostSide* side, const mh_http_sink& sink, void* user)
    : engine_(e), side_(side), user_(user) {
    std::memcpy(&sink_, &sink, std::min<size_t>(sink.size, sizeof sink_));
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->end(MH_E_TIMEOUT); };
    if (side_) side_->outstanding.fetch_add(1, std::memory_order_relaxed);
}

mh_status ClientCall::open(Engine& e, module::HostSide* side, const mh_http_out& out,
                           const mh_http_sink& sink, void* user, ClientCall** call) {
    auto* c = new ClientCall(e, side, sink, user);
    mh_status s = c->take(out);
    if (s == MH_OK) s = c->go();
    if (s != MH_OK) {
        c->leave();
        return s;
    }
    c->endless_ = out.timeout_ms == UINT32_MAX;
    const uint32_t longest = c->endless_ ? out.head_timeout_ms : out.timeout_ms;
    e.loop.arm(c->timer_, longest ? longest : e.limits.response_timeout_ms);
    *call = c;
    return MH_OK;
}

mh_status ClientCall::take(const mh_http_out& out) {
    const mh_status s = target_.take({out.flags, out.address, out.authority, out.tls_ca_file,
                                      out.tls_cert_file, out.tls_key_file, out.tls_server_name},
                                     side_);
    if (s != MH_OK) return s;
    method_ = method_of_call(view(out.method));
    max_response_ = out.max_response ? out.max_response : kMaxResponse;
    idle_timeout_ms_ = out.idle_timeout_ms;
    return write_request(out, target_.authority(), engine_, request_);
}

mh_status ClientCall::go() {
    return target_.find(
        [this](const Result<>& found) { found ? start_or_fail() : end(MH_E_UNAVAILABLE); });
}

void ClientCall::start_or_fail() {
    while (!start(false))
        if (!target_.next()) return fail_later(MH_E_UNAVAILABLE);
}

bool ClientCall::start(bool fresh) {
    UpstreamRequest r;
    r.method = method_;
    r.fresh = fresh;
    r.stream_timeout_ms = idle_timeout_ms_;
    const char* why = "";  // who calls out gets a status
    return target_.start(engine_, *this, r, request_, &why);
}

// After the caller has returned.
void ClientCall::fail_later(mh_status why) {
    late_failure_ = why;
    engine_.loop.defer(
        [](void* p) {
            auto* c = static_cast<ClientCall*>(p);
            if (!c->over_) c->end(c->late_failure_);
        },
        this);
}

void ClientCall::on_response(ResponseHead* head, std::string_view body, bool whole) {
    if (head) {
        if (endless_) Wheel::disarm(timer_);
        const bool too_long =
            head->framing == Framing::length && head->content_length > max_response_;
        if (too_long && method_ != Method::head) return end(MH_E_LIMIT);
        if (sink_.on_head)
            tell("on_head", [&] {
                sink_.on_head(user_, this, head->status, head->headers.fields.data(),
                              head->headers.count);
            });
    }
    if (!over_ && !body.empty()) take_body(body);
    if (!over_ && whole) end(MH_OK);
}

void ClientCall::take_body(std::string_view body) {
    received_ += body.size();
    if (received_ > max_response_) return end(MH_E_LIMIT);
    if (sink_.on_body) tell("on_body", [&] { sink_.on_body(user_, this, seg(body)); });
}

void ClientCall::on_failure(const UpstreamFailure& f) {
    // Once more, where that cannot run anything twice: see RFC 9110 section 9.2.2.
    if (f.stale && !retried_ && (f.nothing_sent || idempotent(method_))) {
        retried_ = true;
        if (start(true)) return;
    }
    if (f.nothing_sent && f.why == MH_E_UNAVAILABLE && target_.next()) return start_or_fail();
    target_.tell_tls_failure(f, side_);
    end(f.why);
}

template <class F>
void ClientCall::tell(const char* hook, F&& call) noexcept {
    try {
        return call();
    } catch (...) {
        engine_.log.error("an exception came out of the module",
                          {{"module", side_ ? std::string_view(side_->id) : ""}, {"hook", hook}});
    }
    if (!over_) end(MH_E_PANIC);
}

void ClientCall::end(mh_status s) {
    if (over_) return;
    over_ = true;
    tell("on_end", [&] { sink_.on_end(user_, this, s); });
    leave();
}

void ClientCall::cancel() {
    if (over_) return;
    over_ = true;
    leave();
}

// The rest happens without the module; it may be gone as soon as it is not outstanding.
void ClientCall::leave() {
    over_ = true;
    Transaction::abandon();
    Wheel::disarm(timer_);
    target_.forget();
    if (side_) side_->outstanding.fetch_sub(1, std::memory_order_release);
    side_ = nullptr;
    engine_.loop.defer([](void* p) { delete static_cast<ClientCall*>(p); }, this);
}

}  // namespace microhost::http
