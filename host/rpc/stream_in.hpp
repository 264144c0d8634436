// SPDX-License-Identifier: Apache-2.0
/// The service's side of a streamed call: the callbacks of whoever takes it, in the order that the ABI promises.
#pragma once

#include <microhost/draft/rpc_router.h>

#include <string>
#include <string_view>

#include "loop/loop.hpp"
#include "rpc/local_call.hpp"

namespace microhost::module {
class Generation;
}

namespace microhost::rpc {

struct LocalService;

/// Who takes a streamed call: an endpoint of a service, or a router. Both have the same four callbacks.
struct Taker {
    decltype(mh_rpc_router::on_call) on_call = nullptr;
    decltype(mh_rpc_router::on_message) on_message = nullptr;
    decltype(mh_rpc_router::on_writable) on_writable = nullptr;
    decltype(mh_rpc_router::on_end) on_end = nullptr;
    void* shard = nullptr;
    void* user = nullptr;
    module::Generation* generation = nullptr;
};

/// Whether the endpoint is a stream; older modules' endpoints end before the field.
bool is_stream(const LocalService& s, const mh_rpc_endpoint& e);
/// Of an endpoint that is a stream.
Taker taker_of(const LocalService& s, const mh_rpc_endpoint& e);

/// Thread: its loop. Pins the generation from take() to the end.
class StreamIn : public Incoming {
  public:
    /// The most bytes that wait for the other side before send() says MH_E_BUSY.
    static constexpr size_t kWindow = 256 * 1024;

    StreamIn(const StreamIn&) = delete;

  protected:
    StreamIn(Loop& loop, const Taker& taker) : loop_(loop), taker_(taker) {}
    ~StreamIn() = default;

    bool right_thread() const override { return Loop::current() == &loop_; }
    uint32_t time_left_ms() const override { return UINT32_MAX; }
    void answer(std::string_view content_type, std::string_view body) override {
        send(content_type, body, true);
    }

    /// Calls on_call; afterwards `waiting` says whether the call goes on. Else the error's text for the caller.
    std::string take(const mh_rpc_head& head);
    /// The callbacks; nothing happens once the end was told. An exception in one ends the call through answer_error().
    void tell_message(std::string_view content_type, std::string_view body, const mh_header* h,
                      uint32_t n);
    void tell_no_more();
    /// The one message of a unary call.
    void tell_whole(std::string_view content_type, std::string_view body, const mh_header* h,
                    uint32_t n);
    void tell_writable();
    /// Tells of the end, once, and lets go of the generation.
    void tell_end(mh_status s);
    bool taken() const { return taken_; }
    /// Some message was told of.
    bool begun() const { return begun_; }
    Loop& loop() { return loop_; }

  private:
    void tell(mh_rpc_message& m, bool fin);
    template <class F>
    void call(const char* hook, F&& f);

    Loop& loop_;
    Taker taker_;
    void* call_user_ = nullptr;
    bool taken_ = false;
    bool begun_ = false;
    bool no_more_told_ = false;
};

}  // namespace microhost::rpc
