// SPDX-License-Identifier: Apache-2.0
/// A websocket that a client opened: the connection of its request carries it.
#pragma once

#include "http/exchange.hpp"
#include "http/websocket.hpp"

namespace microhost::http {

class Engine;

class ServerWebsocket final : public Websocket, public Dependent {
  public:
    /// Answers 101. MH_E_INVALID without an answer; MH_E_UNSUPPORTED: another version was asked for, 426 was answered.
    static mh_status accept(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user,
                            Websocket** out);

    void abandon() override;
    void on_client_drained() override { drained(); }
    void on_request_body(std::string_view piece, bool fin) override { take(piece, fin); }

  private:
    ServerWebsocket(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user);
    bool transmit(const iovec* v, int n) override;
    size_t unsent() const override { return x_->unsent(); }
    void pause_input() override { x_->pause_body(); }
    void resume_input() override { x_->resume_body(); }
    void detach() override { Exchange::detach(*this); }
    void let_go(bool broken) override;
    bool enter(Call which, void (*fn)(void*), void* arg) noexcept override;

    Exchange* x_;  // null at the very end
    Engine& engine_;
};

}  // namespace microhost::http
