// SPDX-License-Identifier: Apache-2.0
#include "rpc/call.hpp"

#include <algorithm>
#include <cstddef>

#include "module/generation.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc {

using http::view;

std::string_view caller_of(const mh_rpc_target& t) {
    constexpr size_t kEnd = offsetof(mh_rpc_target, from_service) + sizeof(mh_str);
    return t.size < kEnd ? std::string_view{} : view(t.from_service);
}

Call::Call(Engine& e) : engine_(e) {
    in_.call = this;
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_deadline(); };
}

Call::~Call() { http::Exchange::detach(*this); }

void Call::reset(const mh_rpc_target& t, const mh_rpc_sink& sink, void* user) {
    x_ = nullptr;
    sink_ = sink;
    user_ = user;
    caller_ = provider_ = nullptr;
    meter_ = nullptr;
    pick_ = {};
    local_ = nullptr;
    upstream_ = nullptr;
    refusal_ = nullptr;
    fields_ = {};
    sent_ = hurried_ = bare_ = retried_ = whole_ = named_ = waits_ = false;
    const std::string_view type = t.content_type.len ? view(t.content_type) : "application/json";
    char* at = names_.room(t.service.len + t.endpoint.len + t.version.len + type.size());
    service_ = copy_to(at, view(t.service));
    endpoint_ = copy_to(at, view(t.endpoint));
    version_ = copy_to(at, view(t.version));
    content_type_ = copy_to(at, type);
    labels_.clear();
    if (MH_FIELD_OK(&t, labels))
        for (uint32_t i = 0; i < t.n_labels; i++)
            labels_.emplace_back(view(t.labels[i].key), view(t.labels[i].val));
    started_ns_ = engine_.http.loop.now_ns();
}

mh_status Call::open(module::HostSide* caller, http::Exchange* x, const mh_rpc_target& t,
                     const mh_rpc_sink& sink, void* user, Reach reach) {
    reset(t, sink, user);
    if (mh_status s = choose(t, reach); s != MH_OK) {
        if (meter_ && s == MH_E_UNAVAILABLE) meter_->count(s, 0);
        return s;
    }
    x_ = x;
    timeout_ms_ = t.timeout_ms ? t.timeout_ms : limits().response_timeout_ms;
    if (x && x->time_left_ms() < timeout_ms_) {
        timeout_ms_ = x->time_left_ms();
        hurried_ = true;
    }
    id_ = engine_.next_id();
    if (local_)
        fill_incoming(t);
    else if (upstream_ || waits_)
        write_fields(t);
    open_ = true;
    const unsigned loop = engine_.http.loop.index();
    if (caller) (caller_ = &caller->generation)->pin(loop);
    if (provider_) provider_->pin(loop);
    engine_.http.loop.arm(timer_, std::max<uint32_t>(timeout_ms_, 1));
    if (x) x->attach(*this);
    return MH_OK;
}

mh_status Call::send(std::string_view body, bool fin) {
    if (!open_ || sent_) return MH_E_GONE;
    if (!fin) return MH_E_UNSUPPORTED;
    sent_ = true;
    if (local_) {
        send_local(body);
        return MH_OK;
    }
    if (refusal_) {
        end(MH_E_UNREACHABLE, refusal_);
        return MH_OK;
    }
    const char* why = "";
    if (!begin_attempt(body, &why)) {
        report(registry::Outcome::connect_failed);
        end(MH_E_UNREACHABLE, why);
    }
    return MH_OK;
}

void Call::on_deadline() {
    // A client that hardly waits must not be able to bring a node into disrepute.
    report(hurried_ ? registry::Outcome::cancelled : registry::Outcome::transport_failed);
    Transaction::abandon();
    end(MH_E_TIMEOUT, {});
}

void Call::cancel() {
    if (!open_) return;
    report(registry::Outcome::cancelled);
    Transaction::abandon();
    release(MH_E_CANCELLED);
}

void Call::deliver(std::string_view type, const mh_header* h, uint32_t n, std::string_view body) {
    mh_rpc_message m{sizeof m, n, http::seg(body), http::str(type), h};
    Wheel::disarm(timer_);
    sink_.on_message(user_, this, &m);
    if (open_)
        end(MH_OK,
            {});  // unless it was cancelled in the callback; it is not used again in this turn
}

void Call::end(mh_status s, std::string_view error) {
    if (!open_) return;
    auto on_end = sink_.on_end;
    void* user = user_;
    release(s);
    on_end(user, this, s, http::str(error));
}

void Call::drop_copies() {
    if (!copied_) return;
    copied_ = false;
    copies_.body.clear();
    copies_.reply.clear();
    copies_.held.clear();
    if (copies_.reply.capacity() > kKeptReply) std::string().swap(copies_.reply);
    if (copies_.held.capacity() > 64 * 1024) std::string().swap(copies_.held);
    if (copies_.fields.capacity() > 64 * 1024) copies_.fields.release();
}

void Call::release(mh_status s) {
    open_ = false;
    http::Exchange::detach(*this);
    x_ = nullptr;
    Wheel::disarm(timer_);
    forget_fields();
    if (waits_) stop_waiting();
    if (meter_) meter_->count(s, age_ns());
    const unsigned loop = engine_.http.loop.index();
    if (caller_) caller_->unpin(loop);
    caller_ = nullptr;
    drop_copies();
    if (local_ && in_.waiting)
        return;  // the service holds it; it is ours again when it has answered
    local_done();
}

/// Nobody holds this object any more, neither the caller nor the service.
void Call::local_done() {
    if (provider_) provider_->unpin(engine_.http.loop.index());
    provider_ = nullptr;
    engine_.recycle(this);
}

const http::Limits& Call::limits() const { return x_ ? x_->site().limits : engine_.http.limits; }

uint64_t Call::age_ns() const { return engine_.http.loop.now_ns() - started_ns_; }

uint32_t Call::time_left_ms() const {
    uint64_t gone = age_ns() / 1'000'000;
    return gone < timeout_ms_ ? static_cast<uint32_t>(timeout_ms_ - gone) : 0;
}

}  // namespace microhost::rpc
