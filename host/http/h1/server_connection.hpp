// SPDX-License-Identifier: Apache-2.0
/// The server's end of an HTTP/1.1 connection: reads requests one after the other, writes their responses in order.
#pragma once

#include <string>
#include <string_view>

#include "http/h1/body_reader.hpp"
#include "http/h1/head_scan.hpp"
#include "http/output.hpp"
#include "http/site.hpp"
#include "loop/loop.hpp"
#include "net/address.hpp"
#include "net/stream.hpp"

namespace microhost::http {

class Engine;
class Exchange;

class ServerConnection final : public Pollable {
  public:
    /// Takes over the stream and registers it. The connection frees itself when it is closed.
    static void open(Engine& e, Site& site, net::Stream s, const net::Address& peer);

    void on_events(uint32_t events) override;

    // ---- for the exchange
    Site& site() { return *site_; }
    const net::Address& peer() const { return peer_; }
    const net::Stream& stream() const { return stream_; }
    /// Sends bytes of the response. False when the client is gone: on_client_lost came, or comes at the end of the turn.
    bool write(const iovec* v, int n);
    size_t unsent() const { return output_.size(); }
    /// The exchange wants the body (again); "100 Continue" is sent if the client waits for it.
    void resume_body();
    /// The response was handed over whole. `keep`: the connection may carry another request.
    void response_done(bool keep);
    /// From now on the connection carries raw bytes in both directions.
    void switch_protocol();
    /// Ends our direction, once what waits is sent.
    void shutdown_write();
    /// Breaks the connection off.
    void abort();
    /// Closes at once when idle; else after the response that is under way.
    void drain();
    /// Ends a request whose answer nobody waits for, if the client has ended its direction.
    void check_client();
    /// A write has failed; the exchange hears of it at the end of the turn.
    bool broken() const { return broken_; }
    /// Trailer fields of the request as lines, once its body is complete.
    std::string_view trailers() const { return body_.trailers(); }
    bool body_started() const { return body_bytes_ > 0; }
    bool raw() const { return raw_; }
    bool request_complete() const { return state_ != State::body; }

  private:
    enum class State : uint8_t {
        head,
        body,
        busy,
        lingering,
        closed
    };  // busy: request whole, response not

    ServerConnection(Engine& e, Site& site, net::Stream s, const net::Address& peer);
    void read_some();
    void consume(char* data, size_t n);
    bool consume_head(char*& data, size_t& n);
    bool consume_body(char*& data, size_t& n);
    bool skip_proxy_header(char*& data, size_t& n);
    void hold(const char* data, size_t n);
    void refuse_head(unsigned status, const char* why);
    void next_request();
    void resume_later();
    void end_of_stream();
    void lost(mh_status why);
    void linger();
    void close(bool reset = false);
    void on_timer();
    void arm_for_state();
    void flush_output();
    bool may_read() const;
    void shaken() {
        if (shaking_hands_) site_->figures.handshakes++;
        shaking_hands_ = false;
    }
    bool count_peer();
    void yield();

    static constexpr int kReadsPerTurn = 16;

    // What every request touches stands in front.
    Engine& engine_;
    Site* site_;
    net::Stream stream_;
    Exchange* x_ = nullptr;
    State state_ = State::head;
    bool read_ready_ = false;
    bool hung_up_ = false;
    bool reading_ = false;
    bool resume_due_ = false;  // at the end of this turn
    bool consuming_ = false;
    bool raw_ = false;
    bool broken_ = false;
    bool skip_body_ = false;  // of a request that was answered without it
    bool draining_ = false;
    bool expects_proxy_header_ = false;
    bool continue_due_ = false;
    bool shaking_hands_ = false;  // of TLS: not a byte of a request yet
    bool head_begun_ = false;     // part of a head is here
    bool served_ = false;         // at least one request
    bool last_request_ = false;   // the client will send no other
    bool close_when_sent_ = false;
    bool end_seen_ = false;
    bool shutdown_due_ = false;
    bool peer_counted_ = false;
    bool unsent_at_timer_ = false;
    uint32_t place_ = 0;  // in Engine::connections
    uint64_t body_bytes_ = 0;
    uint64_t body_bytes_at_timer_ = 0;
    uint64_t flushed_at_timer_ = 0;
    Output output_;
    std::string
        held_;  // bytes that nobody takes yet: part of a head, a paused body, the next request
    HeadScan scan_;
    struct Deadline : Timer {
        ServerConnection* owner;
    } timer_;
    BodyReader body_;
    net::Address peer_;
};

}  // namespace microhost::http
