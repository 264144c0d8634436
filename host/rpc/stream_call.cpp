// SPDX-License-Identifier: Apache-2.0
#include "rpc/stream_call.hpp"

#include <algorithm>
#include <cstring>

#include "module/generation.hpp"
#include "rpc/engine.hpp"
#include "rpc/local_stream.hpp"
#include "rpc/node_stream.hpp"

namespace microhost::rpc {

using http::view;

StreamCall::StreamCall(Engine& e) : engine_(e) {
    stream = true;
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_deadline(); };
}

StreamCall::~StreamCall() = default;

mh_status StreamCall::open(Engine& e, module::HostSide* caller, http::Exchange* x,
                           const mh_rpc_target& t, const mh_rpc_sink& sink, void* user,
                           StreamCall** out) {
    const LocalService* local = t.address.len ? nullptr : e.local(view(t.service));
    const bool labelled = MH_FIELD_OK(&t, labels) && t.n_labels;  // labels are nodes'
    if (local && !labelled && LocalStream::fits(*local, t)) {
        LocalStream* s = nullptr;
        if (const mh_status no = LocalStream::make(e, *local, t, &s); no != MH_OK) return no;
        s->begin(caller, x, t, sink, user);
        s->go(t);
        *out = s;
        return MH_OK;
    }
    NodeStream* s = nullptr;
    if (const mh_status no = NodeStream::make(e, t, &s); no != MH_OK) return no;
    s->begin(caller, x, t, sink, user);
    s->go(t);
    *out = s;
    return MH_OK;
}

void StreamCall::begin(module::HostSide* caller, http::Exchange* x, const mh_rpc_target& t,
                       const mh_rpc_sink& sink, void* user) {
    std::memcpy(&sink_, &sink, std::min<size_t>(sink.size, sizeof sink_));
    user_ = user;
    service_ = view(t.service);
    endpoint_ = view(t.endpoint);
    content_type_ = t.content_type.len ? view(t.content_type) : "application/json";
    started_ns_ = engine_.http.loop.now_ns();
    timeout_ms_ = t.timeout_ms;
    if (x && x->time_left_ms() != UINT32_MAX)
        timeout_ms_ = timeout_ms_ ? std::min(timeout_ms_, x->time_left_ms())
                                  : std::max<uint32_t>(x->time_left_ms(), 1);
    open_ = true;
    if (meter_) meter_->count_stream(1);
    if (caller) (caller_ = &caller->generation)->pin(engine_.http.loop.index());
    if (timeout_ms_) engine_.http.loop.arm(timer_, timeout_ms_);
    x_ = x;
    if (x) x->attach(*this);
}

uint32_t StreamCall::time_left_ms() const {
    if (!timeout_ms_) return UINT32_MAX;
    const uint64_t gone = (engine_.http.loop.now_ns() - started_ns_) / 1'000'000;
    return gone < timeout_ms_ ? static_cast<uint32_t>(timeout_ms_ - gone) : 0;
}

// ---- from the caller

mh_status StreamCall::send(std::string_view body, bool fin) {
    if (!open_ || sent_all_) return MH_E_GONE;
    if (!body.data() && !fin) return MH_E_INVALID;
    const mh_status s = push(body, fin);
    sent_some_ = sent_some_ || s == MH_OK;
    busy_told_ = busy_told_ || s == MH_E_BUSY;
    if (s == MH_OK) sent_all_ = fin;
    return s;
}

bool StreamCall::hand_over(const mh_rpc_sink& sink, void* user) {
    if (!open_ || sent_some_) return false;
    sink_ = sink;
    user_ = user;
    return true;
}

mh_status StreamCall::pause(bool on) {
    if (!open_) return MH_E_GONE;
    if (paused_ == on) return MH_OK;
    paused_ = on;
    hold(on);
    return MH_OK;
}

void StreamCall::cancel() {
    if (!open_) return;
    leave(MH_E_CANCELLED);
}

// ---- to the caller

void StreamCall::tell_message(std::string_view content_type, std::string_view body,
                              const mh_header* h, uint32_t n) {
    mh_rpc_message m{sizeof m, n, http::seg(body), http::str(content_type), h};
    sink_.on_message(user_, this, &m);
}

void StreamCall::tell_writable() {
    if (!open_ || !busy_told_) return;
    busy_told_ = false;
    if (sink_.on_writable) sink_.on_writable(user_, this);
}

void StreamCall::end(mh_status s, std::string_view error) {
    if (!open_) return;
    const std::string text(error);  // it may lie in what goes now
    leave(s);
    sink_.on_end(user_, this, s, http::str(text));
}

void StreamCall::on_deadline() { end(MH_E_TIMEOUT, {}); }

void StreamCall::leave(mh_status s) {
    open_ = false;
    http::Exchange::detach(*this);
    x_ = nullptr;
    Wheel::disarm(timer_);
    if (meter_) {
        meter_->count(s, engine_.http.loop.now_ns() - started_ns_);
        meter_->count_stream(-1);
    }
    if (caller_) caller_->unpin(engine_.http.loop.index());
    caller_ = nullptr;
    stop(s);
}

}  // namespace microhost::rpc
