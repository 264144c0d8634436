// SPDX-License-Identifier: Apache-2.0
/// A call to a service of this process that runs on another thread: a worker (MH_SERVICE_BLOCKING) or [main]
/// (MH_SERVICE_HOME). Everything is copied on the way there and back; the caller may be gone by then.
#pragma once

#include <microhost/draft/rpc_service.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "loop/loop.hpp"
#include "rpc/local_call.hpp"

namespace microhost::module {
class Generation;
}

namespace microhost::rpc {

class Call;
class Engine;

class RemoteCall final : public Incoming, private Task {
  public:
    struct To {
        module::Generation* generation;
        const mh_rpc_endpoint* endpoint;
        void* user;
        bool blocking;
    };
    struct From {
        Engine* engine;
        Call* call;
        uint64_t id;           // tells the call from a later one in the same object
        uint64_t deadline_ns;  // CLOCK_MONOTONIC
    };

    /// Sends it off; it frees itself. MH_E_BUSY: the queue of the workers is full. `what`: service, endpoint and metadata.
    static mh_status start(const To& to, const From& from, const Incoming& what,
                           std::string_view content_type, std::string_view body);

    bool right_thread() const override;
    void answer(std::string_view content_type, std::string_view body) override;
    void answer_error(std::string_view error) override;
    uint32_t time_left_ms() const override;

  private:
    RemoteCall(const To& to, const From& from, const Incoming& what, std::string_view content_type,
               std::string_view body);
    ~RemoteCall() = default;
    void call_service(void* shard);
    void go_home();
    void send_back();
    void deliver();

    To to_;
    From from_;
    Loop& caller_;
    Loop* home_ = nullptr;             // null: a worker
    std::string content_type_, body_;  // of the request, then of the answer
    mh_status status_ = MH_E_CANCELLED;
    bool running_ = false;  // on_call has not returned
    bool answered_ = false;
};

}  // namespace microhost::rpc
