// SPDX-License-Identifier: Apache-2.0
/// What is the same at both ends of a websocket: messages in and out, pings, the closing handshake (RFC 6455). Where its bytes go
/// is websocket_server.hpp's and websocket_client.hpp's. Thread: the loop on which it was made.
#pragma once

#include <microhost/draft/http_websocket.h>
#include <sys/uio.h>

#include <string_view>

#include "http/websocket_frames.hpp"
#include "loop/loop.hpp"

struct mh_ws {};

namespace microhost::http {

/// Frees itself after on_close, or abort().
class Websocket : public mh_ws, private WsEvents {
  public:
    /// Bytes that may wait for the peer before send() answers MH_E_BUSY.
    static constexpr size_t kWindow = 256 * 1024;
    static constexpr uint32_t kCloseMs = 5'000;
    static constexpr uint32_t kPingMs = 30'000;
    static constexpr unsigned kUnansweredPings = 2;

    virtual ~Websocket();
    Websocket(const Websocket&) = delete;
    Websocket& operator=(const Websocket&) = delete;

    /// Null when it has ended, or is another thread's: what a module passes may be older than the end.
    static Websocket* find(mh_ws* w);
    mh_status send(WsOpcode opcode, std::string_view message);
    mh_status close(uint32_t code, std::string_view reason);
    /// Ends it without a word to the module.
    void abort();

  protected:
    enum class State : uint8_t { connecting, open, closing, closed };
    enum class Call : uint8_t { message, writable, close, open };  // into the module
    struct Setup {
        const mh_ws_events& events;
        void* user;
        uint64_t max_message;
        uint32_t ping_ms;  // 0: kPingMs
    };

    Websocket(Loop& loop, WsEnd end, const Setup& setup);

    // ---- what the ends do in their own ways
    /// False when the connection is broken: take() or end() follows, or came.
    virtual bool transmit(const iovec* v, int n) = 0;
    virtual size_t unsent() const = 0;
    virtual void pause_input() = 0;
    virtual void resume_input() = 0;
    /// Nothing of the connection may call any more, though it is still there.
    virtual void detach() {}
    /// Ends the connection, at once when it is `broken`; then `this` is freed, or is already.
    virtual void let_go(bool broken) = 0;
    /// Runs fn(arg), which calls into the module. False: an exception came out, and was logged.
    virtual bool enter(Call which, void (*fn)(void*), void* arg) noexcept = 0;
    /// The timer of a socket that is not open yet, or not any more.
    virtual void on_late() {}

    // ---- what the ends tell
    /// Bytes from the peer; `fin`: they are the last.
    void take(std::string_view bytes, bool fin);
    /// Less waits to be sent.
    void drained();
    /// The handshake is over: `state_` is open from here on, and pings begin.
    void opened();
    /// Tells the module that it is over, and lets go.
    void end(uint16_t code, std::string_view reason);
    /// Tells the module only.
    void leave(uint16_t code, std::string_view reason);

    template <class F>
    void guarded(Call which, F call) noexcept {
        if (!enter(
                which, [](void* f) { (*static_cast<F*>(f))(); }, &call))
            panicked();
    }

    bool was_open() const { return was_open_; }

    Loop& loop_;
    State state_ = State::connecting;
    mh_ws_events events_{};
    void* user_;
    struct Deadline : Timer {
        Websocket* owner;
    } timer_;

  private:
    void on_ws_message(WsOpcode opcode, std::string_view message) override;
    void on_ws_ping(std::string_view payload) override;
    void on_ws_pong() override {}
    void on_ws_close(uint16_t code, std::string_view reason) override;
    void on_ws_violation(uint16_t code, const char* why) override;
    void on_timer();
    void panicked();
    void stop();
    bool write(WsOpcode opcode, std::string_view payload);
    void write_close(uint16_t code, std::string_view reason);

    const WsEnd end_;
    WsReader reader_;
    uint32_t ping_ms_;
    unsigned pings_ = 0;  // unanswered
    bool was_open_ = false;
    bool busy_told_ = false;
};

}  // namespace microhost::http
