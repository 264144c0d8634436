// SPDX-License-Identifier: Apache-2.0
#include "rpc/remote_call.hpp"

#include <ctime>

#include "http/error_json.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "module/work_pool.hpp"
#include "rpc/call.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc {

RemoteCall::RemoteCall(const To& to, const From& from, const Incoming& what,
                       std::string_view content_type, std::string_view body)
    : to_(to),
      from_(from),
      caller_(from.engine->http.loop),
      content_type_(content_type),
      body_(body) {
    service = what.service;
    endpoint = what.endpoint;
    metadata = what.metadata;
    waiting = true;
}

mh_status RemoteCall::start(const To& to, const From& from, const Incoming& what,
                            std::string_view content_type, std::string_view body) {
    auto* c = new RemoteCall(to, from, what, content_type, body);
    if (!to.blocking) {
        c->go_home();
        return MH_OK;
    }
    module::HostSide& side = to.generation->side();
    mh_status s = side.environment.work->submit(
        &side, c->caller_, [](void* p) { static_cast<RemoteCall*>(p)->call_service(nullptr); },
        [](void* p, mh_status done) {
            auto* self = static_cast<RemoteCall*>(p);
            if (done != MH_OK && !self->answered_) self->status_ = done;
            self->deliver();
            delete self;
        },
        c);
    if (s != MH_OK) delete c;
    return s;
}

// The generation is not destroyed while this is outstanding.
void RemoteCall::go_home() {
    module::HostSide& side = to_.generation->side();
    home_ = &side.environment.control;
    side.outstanding.fetch_add(1, std::memory_order_relaxed);
    run = [](Task* t) {
        auto* self = static_cast<RemoteCall*>(t);
        self->call_service(self->to_.generation->shard(self->home_->index()));
    };
    drop = [](Task* t) {
        auto* self = static_cast<RemoteCall*>(t);
        self->to_.generation->side().outstanding.fetch_sub(1, std::memory_order_release);
        delete self;
    };
    home_->post(static_cast<Task*>(this));
}

void RemoteCall::call_service(void* shard) {
    mh_rpc_message m{sizeof m, 0, http::seg(body_), http::str(content_type_), nullptr};
    running_ = true;
    const bool fine = module::guarded(to_.generation->side(), "on_call", false, [&] {
        to_.endpoint->on_call(shard, to_.user, this, &m);
        return true;
    });
    running_ = false;
    // A worker goes on to other work, so there is no thread on which an answer could still come.
    if (waiting && (!home_ || !fine)) {
        char text[512];
        answer_error(
            http::error_json(text, sizeof text, service, 500,
                             fine ? "the service gave no answer" : "the service broke down"));
    }
    if (answered_ && home_) send_back();
}

bool RemoteCall::right_thread() const {
    return home_ ? Loop::current() == home_ : module::WorkPool::on_worker();
}

void RemoteCall::answer(std::string_view content_type, std::string_view body) {
    waiting = false;
    answered_ = true;
    status_ = MH_OK;
    // The answer may be made of views into the request.
    std::string type(content_type.empty() ? std::string_view(content_type_) : content_type);
    std::string text(body);
    content_type_.swap(type);
    body_.swap(text);
    if (home_ && !running_) send_back();
}

void RemoteCall::answer_error(std::string_view error) {
    waiting = false;
    answered_ = true;
    status_ = MH_E_INVALID;
    std::string text(error);
    body_.swap(text);
    if (home_ && !running_) send_back();
}

// From [main] to the caller's loop; on_call has returned, so nobody here needs this object any more.
void RemoteCall::send_back() {
    to_.generation->side().outstanding.fetch_sub(1, std::memory_order_release);
    run = [](Task* t) {
        auto* self = static_cast<RemoteCall*>(t);
        self->deliver();
        delete self;
    };
    drop = [](Task* t) { delete static_cast<RemoteCall*>(t); };
    caller_.post(static_cast<Task*>(this));
}

// A loop that has stopped drops what waits, on another thread: then there is nobody to tell.
void RemoteCall::deliver() {
    if (Engine::current() != from_.engine) return;
    from_.call->finish_remote(from_.id, status_, content_type_, body_);
}

uint32_t RemoteCall::time_left_ms() const {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const uint64_t now =
        static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
    if (now >= from_.deadline_ns) return 0;
    return static_cast<uint32_t>((from_.deadline_ns - now) / 1'000'000);
}

}  // namespace microhost::rpc
