// SPDX-License-Identifier: Apache-2.0
/// A streamed call within the process: both sides on one loop, with a bounded queue in each direction between them. What is in
/// a queue is delivered in the next turn, so neither side is ever called from within a call of its own.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/stream_call.hpp"
#include "rpc/stream_in.hpp"

namespace microhost::rpc {

class LocalStream final : public StreamCall, private Task {
  public:
    static bool fits(const LocalService& s, const mh_rpc_target& t);
    /// MH_E_INVALID: no endpoint of that name that is a stream.
    static mh_status make(Engine& e, const LocalService& s, const mh_rpc_target& t,
                          LocalStream** out);
    void go(const mh_rpc_target& t);

  private:
    /// The service's side.
    struct Service final : StreamIn {
        LocalStream& call;
        Service(LocalStream& c, Loop& loop, const Taker& t) : StreamIn(loop, t), call(c) {}
        mh_status send(std::string_view content_type, std::string_view body, bool fin) override;
        mh_status pause(bool on) override;
        void answer_error(std::string_view error) override;
        uint32_t time_left_ms() const override;
        using StreamIn::take;
        using StreamIn::taken;
        using StreamIn::tell_end;
        using StreamIn::tell_message;
        using StreamIn::tell_no_more;
        using StreamIn::tell_writable;
    };
    struct Message {
        std::string type, body;
    };
    struct Queue {
        std::deque<Message> messages;
        size_t bytes = 0;
        bool end = false;  // behind the messages
        bool busy = false;
        bool paused = false;
        bool full() const { return bytes > kWindow; }
        void push(std::string_view type, std::string_view body);
        Message pop();
    };

    LocalStream(Engine& e, const Taker& taker);
    ~LocalStream() override = default;
    mh_status push(std::string_view body, bool fin) override;
    void hold(bool on) override;
    void stop(mh_status s) override;

    void wake();
    void turn();
    void open_service();
    bool service_takes() const;
    void feed_service();
    void feed_caller();
    void end_from_service(std::string_view error);

    Service service_side_;
    std::vector<std::pair<std::string, std::string>> metadata_;
    Queue to_service_, to_caller_;
    std::string error_;  // the service's, behind to_caller_
    bool posted_ = false;
    bool begun_ = false;  // the service was told of the call
    bool dead_ = false;   // the caller's side is over
    bool by_service_ = false;
    mh_status end_ = MH_OK;
};

}  // namespace microhost::rpc
