// SPDX-License-Identifier: Apache-2.0
/// A streamed call of a module, the caller's side: to a service of this process (local_stream.hpp) or to a node
/// (node_stream.hpp).
#pragma once

#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "loop/loop.hpp"
#include "rpc/call.hpp"
#include "rpc/call_metrics.hpp"

namespace microhost::rpc {

class Engine;

/// Frees itself after on_end or cancel(). No callback comes from within open() or send().
class StreamCall : public mh_rpc_call, public http::Dependent {
  public:
    static constexpr size_t kWindow = 256 * 1024;

    static StreamCall& of(mh_rpc_call* c) { return *static_cast<StreamCall*>(c); }
    /// As mh_rpc.open.
    static mh_status open(Engine& e, module::HostSide* caller, http::Exchange* x,
                          const mh_rpc_target& t, const mh_rpc_sink& sink, void* user,
                          StreamCall** out);

    /// `body` without data: no message, only the end.
    mh_status send(std::string_view body, bool fin);
    mh_status pause(bool on);
    /// Somebody else hears of it from now on. False: something was sent.
    bool hand_over(const mh_rpc_sink& sink, void* user);
    void cancel();

  protected:
    explicit StreamCall(Engine& e);
    virtual ~StreamCall();
    StreamCall(const StreamCall&) = delete;

    /// What the kinds do. MH_E_BUSY: not taken.
    virtual mh_status push(std::string_view body, bool fin) = 0;
    virtual void hold(bool on) = 0;
    /// The caller waits no more, and why: everything stops, without callbacks to it. Frees this in time, not at once.
    virtual void stop(mh_status s) = 0;

    /// The callbacks. `open()` afterwards says whether the call goes on.
    void tell_message(std::string_view content_type, std::string_view body, const mh_header* h,
                      uint32_t n);
    void tell_writable();
    void end(mh_status s, std::string_view error);
    bool is_open() const { return open_; }
    bool paused() const { return paused_; }
    /// UINT32_MAX: for ever.
    uint32_t time_left_ms() const;

    Engine& engine_;
    http::Exchange* x_ = nullptr;
    CallMetrics::Meter* meter_ = nullptr;
    std::string service_, endpoint_, content_type_;

  private:
    struct Deadline : Timer {
        StreamCall* owner;
    };
    void begin(module::HostSide* caller, http::Exchange* x, const mh_rpc_target& t,
               const mh_rpc_sink& sink, void* user);
    void abandon() override { cancel(); }
    void on_deadline();
    void leave(mh_status s);

    mh_rpc_sink sink_{};
    void* user_ = nullptr;
    module::Generation* caller_ = nullptr;  // pinned while the call is open
    uint64_t started_ns_ = 0;
    uint32_t timeout_ms_ = 0;  // 0: none
    bool open_ = false;
    bool sent_some_ = false;
    bool sent_all_ = false;
    bool paused_ = false;
    bool busy_told_ = false;
    Deadline timer_;
};

}  // namespace microhost::rpc
