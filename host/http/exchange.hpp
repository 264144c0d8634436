// SPDX-License-Identifier: Apache-2.0
/// The life of one request on its loop: filters, handler, response filters, done. The ABI's mh_req.
#pragma once

#include <microhost/http_request.h>

#include <sys/uio.h>

#include <array>
#include <string>
#include <string_view>

#include "http/arena.hpp"
#include "http/head.hpp"
#include "http/path.hpp"
#include "http/site.hpp"
#include "observe/trace.hpp"

struct mh_req {};

namespace microhost::http {

class Engine;
class ServerConnection;
class ResponseStream;
namespace h1 {
class HeadWriter;
}

/// Something that works for a request and must stop when the request ends: a call, a forward, a stream.
class Dependent {
  public:
    virtual void abandon() = 0;
    /// The client took enough of what waited: more may be produced.
    virtual void on_client_drained() {}
    /// Whether there is no point in going on once the client has ended its direction.
    virtual bool ends_with_client() const { return false; }
    /// A piece of the request's body, when this dependent is its sink. Lent.
    virtual void on_request_body(std::string_view, bool /*fin*/) {}

  protected:
    friend class Exchange;
    ~Dependent() = default;
    Dependent* next_ = nullptr;
    Dependent** link_ = nullptr;
};

class Exchange final : public mh_req {
  public:
    explicit Exchange(Engine& e);
    Exchange(const Exchange&) = delete;
    static Exchange& of(mh_req* r) { return *static_cast<Exchange*>(r); }

    // ---- the connection's side
    /// The bytes that the views of `head` point into, where they do not point to static text.
    std::string_view head_bytes;
    /// The head is parsed and found good. `body_here`: its body is in the buffer already, whole.
    void begin(ServerConnection& c, Site& site, bool body_here);
    /// The head could not be understood: answers, and the connection closes.
    void begin_refused(ServerConnection& c, Site& site, unsigned status, const char* why);
    /// Whether pieces of the body may be handed in now.
    bool takes_body() const { return body_mode_ != BodyMode::closed && !body_paused_ && !token_; }
    void on_body(std::string_view piece, bool fin);
    /// The client is gone or broke the rules: `why` is MH_E_CANCELLED, MH_E_IO or MH_E_TIMEOUT.
    void on_client_lost(mh_status why);
    void on_client_drained();
    /// Answers for the host: error JSON with this status. Legal until an answer has begun.
    void refuse(unsigned status, std::string_view detail);
    /// The request itself is at fault: whatever works for it stops, it is refused, and the connection closes. Broken off
    /// where an answer has begun.
    void fail_request(unsigned status, std::string_view detail);

    // ---- for what answers the request
    Engine& engine() { return engine_; }
    Site& site() { return *site_; }
    Program& program() { return *program_; }
    ServerConnection& connection() { return *connection_; }
    Arena& arena() { return arena_; }
    PathParts path;
    std::string_view authority;
    void attach(Dependent& d);
    static void detach(Dependent& d);
    /// Takes the body's pieces from now on.
    void stream_body_to(Dependent& d);
    void resume_body();
    void pause_body();
    /// The request announces a body (not an empty one).
    bool has_body() const {
        return head.framing == Framing::chunked ||
               (head.framing == Framing::length && head.content_length > 0);
    }
    /// The announced length alone is more than may stream through.
    bool body_too_large() const;
    /// Trailer fields of the request as lines, once its body is complete.
    std::string_view request_trailers() const;
    /// The client understands trailers behind a response, and there can be some.
    bool takes_trailers() const;
    bool body_complete() const { return body_complete_; }
    bool answered() const { return answered_; }
    /// `response` is filled in: begins the answer. `fin`: these pieces are the whole body.
    void start_response(const iovec* v, int n, bool fin);
    /// More of the body. False when the client is slow: wait for on_client_drained.
    bool push_response(const iovec* v, int n, bool fin);
    /// Trailer fields as lines, to be sent behind the response's body. Copied.
    void set_response_trailers(std::string_view lines);
    /// Passes a 1xx other than 100 and 101 on. Left out where it can do harm: for HTTP/1.0, behind an answer, to a client
    /// that does not read.
    void send_informational(const ResponseHead& r);
    /// The source of the response broke: the client must not take it for a whole one.
    void break_response();
    /// A filter has suspended the response: more of it is of no use now.
    bool response_held() const { return response_held_ && token_; }
    /// `response` holds an upstream's 101: answers with it, and the connection's raw bytes go to `d`.
    void start_tunnel(Dependent& d);
    /// Answers with whatever `d` writes to the connection, whose raw bytes go to it from now on. The request's body was read.
    void take_connection(Dependent& d);
    void end_tunnel();
    /// Nobody takes the rest of the request's body.
    void stop_body();
    /// Filters may change the body, so its length is not known in advance.
    bool body_rewritten() const {
        return program_->interests & (MH_I_REQUEST_BODY | MH_I_REQUEST_BODY_FULL);
    }
    /// Some dependent has no use for a client that will not send any more.
    bool ends_with_client() const;
    /// What writes the response bit by bit, if something does (http/abi_stream.cpp).
    ResponseStream* stream = nullptr;
    /// Makes the views of the request's head independent of the read buffer. Idempotent.
    void keep_head();
    size_t unsent() const;
    /// Something happens to it soon: prefetches what of it that will touch.
    void fetch() const;
    /// For Transaction::fetch of what works for it: itself, then its connection.
    void fetch(unsigned step) const;

    // ---- the ABI's side (http/abi_request.cpp)
    mh_status respond(uint32_t status, const mh_kv* headers, uint32_t n, const mh_seg* body,
                      uint32_t n_body);
    mh_status collect(uint64_t max, void (*fn)(mh_req*, void*, mh_status, mh_seg), void* user);
    mh_status edit(uint32_t dir, uint32_t op, std::string_view name, std::string_view value);
    bool attribute(uint32_t attr, std::string_view* out);
    mh_token suspend(uint32_t timeout_ms);
    void resume(mh_token t, mh_verdict v);
    void on_suspension_timeout();
    mh_status rewrite(std::string_view path, std::string_view query);
    void** slot();
    mh_status set_principal(const mh_principal& p);
    const mh_principal* principal() const { return principal_known_ ? &principal_ : nullptr; }
    mh_status set_attribute(std::string_view name, std::string_view value);
    mh_status get_attribute(std::string_view name, mh_str* out) const;
    mh_status replace_body(const mh_seg* v, uint32_t n);
    uint32_t flags() const;
    /// A hook of a filter in shadow mode runs, or is suspended: what it asks for has no effect.
    bool shadowed() const {
        bool in_filter = where_ != Where::handler && where_ != Where::nowhere;
        return in_filter && (in_hook_ || token_) && program_->chain[running_].shadow;
    }
    bool trusted() const { return trusted_; }
    /// All values of a request's field as one list.
    std::string_view all_values(uint32_t id);
    uint64_t started_ns() const { return started_ns_; }
    uint64_t response_bytes() const { return response_bytes_; }
    std::string_view request_id() const { return request_id_.view(); }
    const observe::RequestId& id() const { return request_id_; }
    /// Milliseconds until the client's own deadline; UINT32_MAX: it set none.
    uint32_t time_left_ms() const;
    std::string_view route;

  private:
    friend class Tokens;
    enum class BodyMode : uint8_t { closed, collect, stream, discard };
    enum class Where : uint8_t {
        nowhere,
        request_filter,
        request_body,
        handler,
        response_filter,
        response_body
    };

    static constexpr size_t kCopyBelow = 16 * 1024;  // a body up to here goes out with its head

    void reset();
    void enter(ServerConnection& c, Site& site);
    void read_identity();
    uint64_t select_filters() const;
    /// Some filter that has seen the request and did not detach has one of these hooks.
    bool awaited(uint32_t hooks) const;
    void run_request_filters();
    bool after_request_verdict(unsigned i, mh_verdict v);
    bool failed_open(unsigned i, const char* what);
    void run_handler();
    bool filter_request_body(std::string_view& piece, bool fin);
    void finish_collect(mh_status s);
    void give_collected(std::string_view body);
    void take_early_verdict();
    uint64_t max_full_body() const;
    static void on_full_body(mh_req* r, void*, mh_status s, mh_seg body);
    void run_response_filters();
    bool after_response_verdict(unsigned i, mh_verdict v);
    void replace_response(unsigned status, std::string_view detail);
    void copy_response_head();
    mh_status edit_later(uint32_t op, std::string_view name, std::string_view value);
    void apply_early_edits();
    void close_suspension(mh_status why);
    /// What was suspended has decided, or is not waited for: its token is stale from now on.
    mh_token drop_token();
    void head_overflow();
    void release_held();
    bool call_body_hook(unsigned i, std::string& piece, bool fin);
    bool push_now(const iovec* v, int n, bool fin);
    void emit(const iovec* v, int n, bool fin);
    void write_fields(h1::HeadWriter& w, const Headers& h);
    bool response_rewritten() const;
    void stream_raw_to(Dependent& d);
    /// A call of Micro's wire protocol, whose errors go in Micro-Error.
    bool is_call() const;
    mh_status refuse_call(uint32_t status, const mh_kv* headers, uint32_t n, const mh_seg* body,
                          uint32_t n_body);
    void write_framing(h1::HeadWriter& w, bool fin, uint64_t length);
    size_t write_head(char* out, bool fin, uint64_t length);
    void finish(mh_status outcome);
    void tell_done(mh_status outcome);
    void drop_dependents();

    static constexpr size_t kFirstBytes = 1024;

    // With many requests under way each finds its memory cold, so what all of them touch stands together, here and in front of
    // each of the large members; what only some need comes last.
    Engine& engine_;
    ServerConnection* connection_ = nullptr;
    Site* site_ = nullptr;
    Program* program_ = nullptr;  // pinned from begin to done
    uint64_t active_ = 0;         // bit i: filter i applies and has not detached
    uint64_t entered_ = 0;        // bit i: its on_request was called
    uint64_t started_ns_ = 0;
    mh_token token_ = 0;
    Dependent* dependents_ = nullptr;
    Dependent* body_sink_ = nullptr;
    Where where_ = Where::nowhere;
    bool handled_ = false;        // the handler was called
    bool body_buffered_ = false;  // filters made the host collect the body
    BodyMode body_mode_ = BodyMode::closed;
    bool body_paused_ = false;
    bool body_complete_ = false;
    bool body_here_ = false;
    bool full_body_first_ = false;  // filters want the whole body before the handler runs
    bool head_kept_ = false;
    bool trusted_ = false;
    bool answered_ = false;
    bool head_sent_ = false;
    bool response_fin_ = false;   // all of the response was handed to us
    bool response_held_ = false;  // a response filter has suspended it, or wants it whole
    bool chunked_ = false;
    bool close_after_ = false;
    bool over_ = false;
    bool replaced_ = false;
    bool replaced_piece_ = false;
    bool body_changed_ = false;  // a filter has replaced a piece of the response's body
    bool resumed_early_ = false;
    bool in_hook_ = false;
    bool held_fin_ = false;
    bool principal_known_ = false;
    bool trace_ready_ = false;
    uint8_t client_ip_size_ = 0;
    mh_verdict early_verdict_ = 0;
    unsigned running_ = 0;               // index of the filter whose hook runs or is suspended
    unsigned next_filter_ = 0;           // to run on the way in
    unsigned next_response_filter_ = 0;  // behind the one to run on the way out
    uint64_t response_bytes_ = 0;
    uint64_t streamed_ = 0;  // bytes of the request's body that were passed on
    struct Attribute {
        std::string_view name, value;
        Attribute* next;
    };
    Attribute* attributes_ = nullptr;
    /// Edits of the response from before there is one; null nearly always.
    struct EarlyEdit {
        uint32_t op;
        std::string_view name, value;
        EarlyEdit* next;
    };
    EarlyEdit* early_edits_ = nullptr;
    void (*collect_fn_)(mh_req*, void*, mh_status, mh_seg) = nullptr;
    std::string_view scheme_, response_trailers_;
    std::string collected_;
    std::string held_;  // response body bytes that wait for a filter
    Arena arena_;
    void* handler_slot_ = nullptr;
    uint64_t slots_asked_ = 0;                       // bit i: filter i has asked for its slot
    std::array<void*, Program::kMaxFilters> slots_;  // what was not asked for is not set

    std::array<char, observe::TraceParent::kSize> trace_text_;
    observe::RequestId request_id_;

  public:
    RequestHead head;
    /// The head of the response that is being made; views must live until it is sent or copied.
    ResponseHead response;

  private:
    alignas(std::max_align_t) std::array<char, kFirstBytes> first_bytes_;

    uint64_t collect_max_ = 0;
    void* collect_user_ = nullptr;
    std::string replacement_, rewritten_;
    mh_principal principal_{};
    std::array<char, 48> client_ip_;
};

}  // namespace microhost::http
