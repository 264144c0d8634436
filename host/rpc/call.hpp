// SPDX-License-Identifier: Apache-2.0
/// One unary call of a loop: to a service of this process, or to a node over Micro's wire protocol.
#pragma once

#include <microhost/draft/rpc.h>
#include <microhost/draft/rpc_service.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/exchange.hpp"
#include "http/upstream.hpp"
#include "registry/selector.hpp"
#include "rpc/call_metrics.hpp"
#include "rpc/envelope.hpp"
#include "rpc/local_call.hpp"
#include "rpc/names.hpp"
#include "rpc/text.hpp"

struct mh_rpc_call {
    bool stream = false;  // a StreamCall; else a Call
};

namespace microhost::module {
class Generation;
struct HostSide;
}  // namespace microhost::module

namespace microhost::rpc {

class Engine;

/// mh_rpc_target.from_service, which older modules do not know.
std::string_view caller_of(const mh_rpc_target& t);

/// Where a call may go: a caller from outside never reaches further than this process.
enum class Reach : uint8_t { anywhere, process };

/// Owned by its engine for ever, and used again from the turn after its end. Its owner may cancel it, and the request that it
/// belongs to may end, inside every callback: nothing of it is touched after a callback without asking `open_`.
class Call final : public mh_rpc_call,
                   public http::Dependent,
                   private http::Transaction,
                   private NameWait {
  public:
    explicit Call(Engine& e);
    ~Call() override;
    static Call& of(mh_rpc_call* c) { return *static_cast<Call*>(c); }

    /// MH_OK, or why the call cannot begin; then it is over. `caller` may be null: the host calls.
    mh_status open(module::HostSide* caller, http::Exchange* x, const mh_rpc_target& t,
                   const mh_rpc_sink& sink, void* user, Reach reach = Reach::anywhere);
    mh_status send(std::string_view body, bool fin);
    /// Somebody else hears of it from now on. False: it has been sent.
    bool hand_over(const mh_rpc_sink& sink, void* user) {
        if (!open_ || sent_) return false;
        sink_ = sink;
        user_ = user;
        return true;
    }
    void cancel();
    void abandon() override { cancel(); }

    /// The answer of a service that ran on another thread, to call number `id` of this object.
    void finish_remote(uint64_t id, mh_status s, std::string_view content_type,
                       std::string_view body);
    /// The engine needs the place where it has the fields of this call's head.
    void keep_fields();

  private:
    /// The service's side when it runs on this loop.
    struct Here final : Incoming {
        Call* call = nullptr;
        bool right_thread() const override;
        void answer(std::string_view content_type, std::string_view body) override;
        void answer_error(std::string_view error) override;
        uint32_t time_left_ms() const override { return call->time_left_ms(); }
    };
    struct Deadline : Timer {
        Call* owner;
    };
    static constexpr size_t kKeptReply = 256 * 1024;  // memory up to here is used again

    void reset(const mh_rpc_target& t, const mh_rpc_sink& sink, void* user);
    uint32_t time_left_ms() const;
    uint64_t age_ns() const;
    /// Those of the listener whose request makes the call, or the host's.
    const http::Limits& limits() const;
    void on_deadline();

    // ---- to a node
    mh_status choose(const mh_rpc_target& t, Reach reach);
    mh_status pick_node(uint32_t avoid);
    void write_fields(const mh_rpc_target& t);
    void forget_fields();
    void go_to_place(std::string_view place, const net::TlsClientContext* tls);
    bool begin_attempt(std::string_view body, const char** why);
    bool attempt(std::string_view body, const char** why);
    bool attempt_next_address(std::string_view body);
    bool attempt_elsewhere(std::string_view body);
    bool wait_for_name(std::string_view body, const char** why);
    void on_name(const char* why) override;
    void on_response(http::ResponseHead* head, std::string_view body, bool end) override;
    void on_failure(const http::UpstreamFailure& f) override;
    void fetch(unsigned step) const override;
    void keep_head(const http::ResponseHead& head);
    void take_reply(uint16_t status, const http::Headers& h, std::string_view body);
    void report(registry::Outcome outcome);

    // ---- to a service of this process
    bool choose_local(const mh_rpc_target& t);
    void fill_incoming(const mh_rpc_target& t);
    void send_local(std::string_view body);
    bool send_elsewhere(const mh_rpc_endpoint& e, std::string_view body);
    void local_done();

    void deliver(std::string_view content_type, const mh_header* h, uint32_t n,
                 std::string_view body);
    void end(mh_status s, std::string_view error);
    void drop_copies();
    void release(mh_status s);

    // What every call needs stands in front: with many of them under way each is cold in the cache when its reply comes.
    Engine& engine_;
    http::Exchange* x_ = nullptr;
    mh_rpc_sink sink_{};
    void* user_ = nullptr;
    module::Generation* caller_ = nullptr;  // pinned while the call is open
    CallMetrics::Meter* meter_ = nullptr;
    uint64_t id_ = 0;
    uint64_t started_ns_ = 0;
    uint32_t timeout_ms_ = 0;
    bool open_ = false;  // somebody waits for the end
    bool sent_ = false;
    bool hurried_ = false;  // the client gave it less time than we would: no node is to blame
    bool named_ = false;
    bool waits_ = false;  // no address of its name is known yet
    bool bare_ = false;   // the node names no protocol
    bool retried_ = false;
    bool whole_ =
        false;  // the body is copied where anything of it waits: what a second attempt needs
    bool copied_ = false;  // copies_ holds something
    Envelope envelope_ = Envelope::none;
    const mh_rpc_service* local_ = nullptr;
    module::Generation* provider_ = nullptr;  // pinned until it has answered
    Deadline timer_;

    Text names_;  // what the next four point into
    std::string_view service_, endpoint_, version_, content_type_;

    // A node's call.
    registry::Pick pick_;
    const registry::ServiceNodes* picked_from_ = nullptr;  // of the snapshot with the revision
    uint64_t picked_at_ = 0;
    http::Upstream* upstream_ = nullptr;
    const char* refusal_ = nullptr;  // why no node of the service can be called
    std::string_view fields_;        // of the head, the same for each attempt
    std::vector<std::pair<std::string, std::string>> labels_;
    /// What has to wait or comes in pieces; most calls leave it alone.
    struct Copies {
        std::string body;   // of a request of which not one byte is sent yet
        std::string reply;  // of a reply that comes in pieces
        std::string held;   // the body while the name is being resolved
        Text fields;        // what fields_ points into once it cannot stay where the engine has it
    };
    Copies& copies() {
        copied_ = true;
        return copies_;
    }
    std::string place_;  // "name:port", where named_
    const net::TlsClientContext* place_tls_ = nullptr;
    unsigned tries_ = 0;  // addresses of the name that were tried

    // A call within the process.
    void* shard_ = nullptr;
    Here in_;

    Copies copies_;
    std::string reply_head_;
    uint16_t reply_status_ = 0;
    http::Headers reply_fields_;
};

}  // namespace microhost::rpc
