// SPDX-License-Identifier: Apache-2.0
/// One websocket of a client: messages in and out, pings, the closing handshake (RFC 6455). On the loop of its request.
#pragma once

#include <microhost/draft/http_websocket.h>

#include <string_view>

#include "http/exchange.hpp"
#include "http/websocket_frames.hpp"
#include "loop/loop.hpp"

struct mh_ws {};

namespace microhost::http {

/// Frees itself after on_close.
class Websocket final : public mh_ws, public Dependent, private WsEvents {
  public:
    /// Bytes that may wait for the client before send() answers MH_E_BUSY.
    static constexpr size_t kWindow = 256 * 1024;
    static constexpr uint32_t kCloseMs = 5'000;
    static constexpr uint32_t kPingMs = 30'000;
    static constexpr unsigned kUnansweredPings = 2;

    static Websocket& of(mh_ws* w) { return *static_cast<Websocket*>(w); }
    /// Answers 101. MH_E_INVALID without an answer; MH_E_UNSUPPORTED: another version was asked for, 426 was answered.
    static mh_status accept(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user,
                            Websocket** out);
    mh_status send(WsOpcode opcode, std::string_view message);
    mh_status close(uint32_t code, std::string_view reason);

    void abandon() override;
    void on_client_drained() override;
    void on_request_body(std::string_view piece, bool fin) override;

  private:
    enum class State : uint8_t { open, closing, closed };

    Websocket(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user);
    void on_ws_message(WsOpcode opcode, std::string_view message) override;
    void on_ws_ping(std::string_view payload) override;
    void on_ws_pong() override {}
    void on_ws_close(uint16_t code, std::string_view reason) override;
    void on_ws_violation(uint16_t code, const char* why) override;
    void on_timer();
    bool write(WsOpcode opcode, std::string_view payload);
    void write_close(uint16_t code, std::string_view reason);
    Exchange* leave(uint16_t code, std::string_view reason);
    void end(uint16_t code, std::string_view reason);
    template <class F>
    void guarded(HandlerHook hook, F&& call) noexcept;

    Exchange* x_;
    Engine& engine_;
    mh_ws_events events_{};
    void* user_;
    WsReader reader_;
    uint32_t ping_ms_;
    unsigned pings_ = 0;  // unanswered
    State state_ = State::open;
    bool busy_told_ = false;
    struct Deadline : Timer {
        Websocket* owner;
    } timer_;
};

}  // namespace microhost::http
