// SPDX-License-Identifier: Apache-2.0
#include "rpc/local_stream.hpp"

#include <utility>

#include "http/names.hpp"
#include "rpc/asked.hpp"
#include "rpc/engine.hpp"
#include "rpc/missing.hpp"

namespace microhost::rpc {

using http::str;
using http::view;

void LocalStream::Queue::push(std::string_view type, std::string_view body) {
    messages.push_back({std::string(type), std::string(body)});
    bytes += body.size() + sizeof(Message);
}

LocalStream::Message LocalStream::Queue::pop() {
    Message m = std::move(messages.front());
    messages.pop_front();
    bytes -= m.body.size() + sizeof(Message);
    return m;
}

LocalStream::LocalStream(Engine& e, const Taker& taker)
    : StreamCall(e), service_side_(*this, e.http.loop, taker) {
    run = [](Task* t) {
        auto* self = static_cast<LocalStream*>(t);
        self->posted_ = false;
        self->turn();
    };
    drop = [](Task* t) { delete static_cast<LocalStream*>(t); };
}

bool LocalStream::fits(const LocalService& s, const mh_rpc_target& t) {
    return !t.version.len || !s.service->version || view(t.version) == s.service->version;
}

mh_status LocalStream::make(Engine& e, const LocalService& s, const mh_rpc_target& t,
                            LocalStream** out) {
    const mh_rpc_endpoint* endpoint = s.find(view(t.endpoint));
    if (!endpoint || !is_stream(s, *endpoint)) return MH_E_INVALID;
    auto* made = new LocalStream(e, taker_of(s, *endpoint));
    made->meter_ = e.metrics.of(s.name);
    *out = made;
    return MH_OK;
}

void LocalStream::go(const mh_rpc_target& t) {
    for (uint32_t i = 0; i < t.n_metadata; i++)
        metadata_.emplace_back(view(t.metadata[i].key), view(t.metadata[i].val));
    if (caller_of(t).size()) metadata_.emplace_back("Micro-From-Service", caller_of(t));
    if (x_) metadata_.emplace_back("X-Request-Id", x_->request_id());
    wake();
}

void LocalStream::wake() {
    if (posted_) return;
    posted_ = true;
    engine_.http.loop.post(static_cast<Task*>(this));
}

// ---- from the caller

mh_status LocalStream::push(std::string_view body, bool fin) {
    if (body.data()) {
        if (body.size() > engine_.http.limits.body_bytes) return MH_E_LIMIT;
        if (to_service_.full()) {
            to_service_.busy = true;
            return MH_E_BUSY;
        }
        to_service_.push(content_type_, body);
    }
    to_service_.end = fin;
    wake();
    return MH_OK;
}

void LocalStream::hold(bool on) {
    to_caller_.paused = on;
    if (!on) wake();
}

void LocalStream::stop(mh_status s) {
    dead_ = true;
    end_ = by_service_ ? MH_OK : s;  // it has ended the call, with an error or without
    wake();
}

// ---- from the service

mh_status LocalStream::Service::send(std::string_view content_type, std::string_view body,
                                     bool fin) {
    Queue& q = call.to_caller_;
    if (!waiting || call.dead_) return MH_E_GONE;
    if (body.data()) {
        if (body.size() > call.engine_.http.limits.body_bytes) return MH_E_LIMIT;
        if (q.full()) {
            q.busy = true;
            return MH_E_BUSY;
        }
        q.push(content_type.empty() ? std::string_view(call.content_type_) : content_type, body);
    }
    if (fin) {
        waiting = false;
        q.end = true;
    }
    call.wake();
    return MH_OK;
}

void LocalStream::Service::answer_error(std::string_view error) {
    waiting = false;
    call.end_from_service(error);
}

mh_status LocalStream::Service::pause(bool on) {
    if (!waiting) return MH_E_GONE;
    call.to_service_.paused = on;
    if (!on) call.wake();
    return MH_OK;
}

uint32_t LocalStream::Service::time_left_ms() const { return call.time_left_ms(); }

void LocalStream::end_from_service(std::string_view error) {
    error_ = mucp::error_line(error);
    to_caller_.end = true;
    wake();
}

// ---- what waits is delivered

void LocalStream::turn() {
    if (!dead_ && !begun_) open_service();
    if (!dead_) feed_service();
    if (!dead_) feed_caller();
    if (!dead_) return;
    if (posted_) return;  // it comes once more
    service_side_.tell_end(end_);
    delete this;
}

void LocalStream::open_service() {
    begun_ = true;
    service_side_.service = service_;
    service_side_.endpoint = endpoint_;
    std::vector<mh_kv> rows;
    for (const auto& [key, value] : metadata_) {
        service_side_.metadata.add(key, value);
        rows.push_back({str(key), str(value)});
    }
    mh_rpc_head head{};
    head.size = sizeof head;
    head.flags = MH_RPC_STREAM;
    head.service = str(service_);
    head.endpoint = str(endpoint_);
    head.content_type = str(content_type_);
    head.timeout_ms = time_left_ms();
    head.metadata = rows.data();
    head.n_metadata = static_cast<uint32_t>(rows.size());
    if (x_) head.principal = x_->principal();
    if (const std::string refused = service_side_.take(head); !refused.empty())
        end_from_service(refused);
}

// A service whose answers wait is given no more: it may answer each message with another.
bool LocalStream::service_takes() const {
    return !dead_ && !to_service_.paused && service_side_.waiting && !to_caller_.full();
}

// No more than was there when it began: both sides may speak at once, for ever.
void LocalStream::feed_service() {
    Queue& q = to_service_;
    for (size_t n = q.messages.size(); n && service_takes(); n--) {
        const Message m = q.pop();
        service_side_.tell_message(m.type, m.body, nullptr, 0);
        if (q.busy && !q.full() && !dead_) {
            q.busy = false;
            tell_writable();
        }
    }
    if (!service_takes()) return;
    if (!q.messages.empty()) return wake();
    if (std::exchange(q.end, false)) service_side_.tell_no_more();
}

void LocalStream::feed_caller() {
    Queue& q = to_caller_;
    for (size_t n = q.messages.size(); n && !q.paused && !dead_; n--) {
        const Message m = q.pop();
        tell_message(m.type, m.body, nullptr, 0);
        if (q.busy && !q.full() && !dead_) {
            q.busy = false;
            service_side_.tell_writable();
        }
    }
    if (service_takes() && (to_service_.end || !to_service_.messages.empty())) wake();
    if (dead_ || q.paused) return;
    if (!q.messages.empty()) return wake();
    if (!q.end) return;
    by_service_ = true;
    end(error_.empty() ? MH_OK : MH_E_INVALID, error_);
}

}  // namespace microhost::rpc
