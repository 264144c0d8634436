// SPDX-License-Identifier: Apache-2.0
/// One request to an upstream and its response, and the kept-alive connections that carry them. All on one loop.
#pragma once

#include <microhost/base.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/h1/body_reader.hpp"
#include "http/h1/head_scan.hpp"
#include "http/head.hpp"
#include "http/output.hpp"
#include "loop/loop.hpp"
#include "net/stream.hpp"
#include "observe/cells.hpp"

namespace microhost::http {

class Engine;
class UpstreamConnection;
class Upstream;

/// What became of a request that got no whole response.
struct UpstreamFailure {
    mh_status
        why;  // MH_E_UNAVAILABLE (no connection), MH_E_TIMEOUT, MH_E_IO (broke off, or nonsense), MH_E_LIMIT
    bool head_seen;      // a response head was delivered before
    bool nothing_sent;   // not one byte left this process
    bool stale;          // the connection had been kept alive and died before any answer
    const char* detail;  // for the log
    bool late = false;   // the connection was not made in time
    std::string tls{};   // what was wrong with TLS, if that was it
};

/// The side that sends the request and gets the response. The owner of a transaction may destroy it in any callback.
class Transaction {
  public:
    Transaction() = default;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    virtual ~Transaction() { abandon(); }

    bool active() const { return connection_ != nullptr; }
    /// Sends more of the body. False when the connection is broken: on_failure follows, or has come.
    bool send(const iovec* v, int n, bool fin);
    size_t unsent() const;
    void pause_reading();
    /// May call back at once.
    void resume_reading();
    /// For tunnels: our direction is over, once what waits is sent.
    void shutdown_write();
    /// Ends it without further callbacks; the connection is not used again.
    void abandon();

  protected:
    friend class UpstreamConnection;
    friend class Upstream;
    /// With the first call comes the final head, and with each call the bytes of the body that are here; all lent until
    /// return. `end`: the response is whole, and the transaction over; of a tunnel only the upstream's direction is over,
    /// and the owner ends the transaction.
    virtual void on_response(ResponseHead* head, std::string_view body, bool end) = 0;
    virtual void on_failure(const UpstreamFailure& f) = 0;
    /// What waited to be sent fell below the low mark.
    virtual void on_drained() {}
    /// The head of an informational response other than 101 came; lent until return.
    virtual void on_informational(const ResponseHead&) {}
    /// An event of its connection comes soon: Pollable::fetch, from the second step on. The object itself is on its way.
    virtual void fetch(unsigned /*step*/) const {}

    /// Trailer fields as lines; for on_response with `end`.
    std::string_view trailers() const { return trailers_; }

  private:
    UpstreamConnection* connection_ = nullptr;
    std::string_view trailers_;
};

struct UpstreamRequest {
    Method method = Method::get;
    bool upgrade = false;  // 101 may answer: the connection becomes a tunnel
    bool fin = true;       // the pieces hold the whole request
    uint32_t connect_timeout_ms = 0;
    uint32_t response_timeout_ms = 0;  // 0: none
    uint32_t stream_timeout_ms =
        0;               // longest pause in a streamed body; 0: the limit's; UINT32_MAX: none
    bool fresh = false;  // do not use a kept-alive connection
    bool raw = false;    // a connection of its own, which is a tunnel from the start
};

/// What one loop has counted for an upstream since the start.
struct UpstreamFigures {
    uint64_t answered = 0, failed = 0, cancelled = 0;  // requests
    uint64_t connected = 0, unconnected = 0;           // connections attempted
    uint64_t retries = 0;  // requests sent again because a kept connection had died

    void add(const UpstreamFigures& o) {
        answered += o.answered;
        failed += o.failed;
        cancelled += o.cancelled;
        connected += o.connected;
        unconnected += o.unconnected;
        retries += o.retries;
    }
};

/// Connections to one address. Last used, first used again.
class Upstream {
  public:
    Upstream(Engine& e, const net::Address& address, const net::TlsClientContext* tls,
             std::string name);
    ~Upstream();

    /// Sends a request; the callbacks of `t` come later, never before this returns, except on_failure is not called when
    /// false is returned: then nothing was begun and `*error` says why, until it is tried again.
    bool start(Transaction& t, const UpstreamRequest& r, const iovec* v, int n, const char** error);
    const std::string& name() const { return name_; }
    const net::Address& address() const { return address_; }
    size_t idle() const { return idle_.size(); }
    size_t open() const { return open_; }
    const UpstreamFigures& figures() const { return figures_; }
    void close_idle();

  private:
    friend class UpstreamConnection;
    UpstreamConnection* connect(const char** error);
    UpstreamConnection* take_idle();  // null: none

    Engine& engine_;
    net::Address address_;
    const net::TlsClientContext* tls_;
    std::string name_;     // for SNI, verification and metrics
    std::string problem_;  // of the last connection that could not be begun
    std::vector<UpstreamConnection*> idle_;
    size_t open_ = 0;
    UpstreamFigures figures_;
    observe::Histogram duration_;
};

/// The upstreams of a loop by address.
class Upstreams {
  public:
    explicit Upstreams(Engine& e) : engine_(e) {}
    Upstream& get(const net::Address& address, const net::TlsClientContext* tls = nullptr,
                  std::string_view name = {});
    void close_idle();
    void clear() { by_key_.clear(); }
    /// fn(const Upstream&) for each. Thread: the loop's.
    template <class F>
    void each(F fn) const {
        for (const auto& [key, u] : by_key_) fn(*u);
    }

  private:
    Engine& engine_;
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    std::unordered_map<std::string, std::unique_ptr<Upstream>, Hash, std::equal_to<>> by_key_;
};

class UpstreamConnection final : public Pollable {
  public:
    UpstreamConnection(Engine& e, Upstream& u, net::Stream s);

    void on_events(uint32_t events) override;
    void fetch(unsigned step) const override;

  private:
    friend class Transaction;
    friend class Upstream;
    enum class State : uint8_t { idle, head, body, closed };

    void begin(Transaction& t, const UpstreamRequest& r);
    bool send(const iovec* v, int n, bool fin);
    void read_some();
    void consume(char* data, size_t n);
    void consume_head(char* data, size_t n);
    void accept_head(ResponseHead& head, char* data, size_t n);
    void deliver(ResponseHead* head, char* data, size_t n);
    void finish(ResponseHead* head, std::string_view piece, bool clean);
    void end_of_stream();
    void fail(mh_status why, const char* detail);
    void close();
    void release();
    void on_timer();
    void arm(uint32_t ms);
    void connected();
    void drop();
    void yield();

    static constexpr int kReadsPerTurn = 16;

    Engine& engine_;
    Upstream* upstream_;
    net::Stream stream_;
    Transaction* t_ = nullptr;
    State state_ = State::idle;
    Method method_ = Method::get;
    bool connected_ = false;
    bool reused_ = false;
    bool wrote_ = false;       // of this request, at least one byte
    bool read_ready_ = false;  // the socket may have more
    bool hung_up_ = false;     // the end of the stream is near: a short read is not the last
    bool paused_ = false;
    bool request_done_ = false;
    bool head_seen_ = false;
    bool keep_ = true;
    bool upgrade_ = false;
    bool tunnel_ = false;
    bool reading_ = false;
    bool shutdown_due_ = false;  // our direction of a tunnel ends when the output is empty
    bool end_told_ = false;      // the upstream's direction of a tunnel has ended
    bool write_window_ = false;  // the timer watches whether the upstream reads on
    uint32_t response_timeout_ms_ = 0;
    uint32_t stream_timeout_ms_ = 0;  // 0: none
    uint64_t begun_ns_ = 0;
    uint64_t flushed_at_timer_ = 0;
    Output output_;
    std::string held_;  // the beginning of a head that is not complete
    HeadScan scan_;
    struct Deadline : Timer {
        UpstreamConnection* owner;
    } timer_;
    BodyReader body_;
};

}  // namespace microhost::http
