// SPDX-License-Identifier: Apache-2.0
/// One unary call of a loop: to a service of this process, or to a node over Micro's wire protocol.
#pragma once

#include <microhost/draft/rpc.h>
#include <microhost/draft/rpc_service.h>

#include <string>
#include <string_view>

#include "http/exchange.hpp"
#include "http/upstream.hpp"
#include "registry/selector.hpp"
#include "rpc/local_call.hpp"

struct mh_rpc_call {};

namespace microhost::rpc {

class Engine;
struct LocalService;

class Call final : public mh_rpc_call, public http::Dependent, private http::Transaction {
  public:
    explicit Call(Engine& e);
    static Call& of(mh_rpc_call* c) { return *static_cast<Call*>(c); }
    Engine& engine() { return engine_; }

    /// MH_OK, or why the call cannot begin; then it is over and `*text` says more.
    mh_status open(http::Exchange* x, const mh_rpc_target& t, const mh_rpc_sink& sink, void* user);
    mh_status send(std::string_view body, bool fin);
    void cancel();

    /// The local side's answer.
    void answer(std::string_view content_type, std::string_view body);
    void answer_error(std::string_view error);

    void abandon() override;
    uint32_t time_left_ms() const;

  private:
    friend class Engine;
    mh_status choose(const mh_rpc_target& t);
    void write_head(const mh_rpc_target& t, uint32_t timeout_ms);
    mh_status send_local(std::string_view body);
    bool try_another_node();
    void on_response(http::ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const http::UpstreamFailure& f) override;
    void take_reply(uint16_t status, const http::Headers& h, std::string_view body);
    void deliver(std::string_view content_type, const mh_header* h, uint32_t n, std::string_view body);
    void end(mh_status s, std::string_view error);
    void report(registry::Outcome outcome);
    void release();

    Engine& engine_;
    http::Exchange* x_ = nullptr;
    mh_rpc_sink sink_{};
    void* user_ = nullptr;
    registry::Pick pick_;
    const LocalService* local_ = nullptr;
    http::Upstream* upstream_ = nullptr;
    std::string service_, endpoint_, version_, content_type_;
    std::string out_;     // the head, and small bodies behind it: what a second attempt needs
    std::string reply_;   // of a reply that comes in pieces
    uint64_t started_ns_ = 0;
    uint32_t timeout_ms_ = 0;
    uint64_t id_ = 0;
    LocalCall in_;
    uint16_t reply_status_ = 0;
    bool open_ = false;           // somebody waits for the end
    bool local_pending_ = false;  // the service holds in_ and has not answered
    bool sent_ = false;
    bool whole_in_out_ = false;
    bool retried_ = false;
    bool head_seen_ = false;
    std::string reply_error_, reply_type_;
    struct Deadline : Timer {
        Call* owner;
    } timer_;
};

}  // namespace microhost::rpc
