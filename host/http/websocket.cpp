// SPDX-License-Identifier: Apache-2.0
#include "http/websocket.hpp"

#include <algorithm>
#include <cstring>

#include "http/engine.hpp"
#include "http/h1/server_connection.hpp"
#include "http/names.hpp"
#include "http/websocket_handshake.hpp"

namespace microhost::http {
namespace {

constexpr uint16_t kInternalError = 1011;
constexpr size_t kMostReason = 123;  // with the code, a control frame is full

mh_status refuse_version(Exchange& x) {
    const mh_kv version{str("Sec-WebSocket-Version"), str("13")};
    const mh_seg body = seg("only version 13 of websockets is spoken here\n");
    x.respond(426, &version, 1, &body, 1);
    return MH_E_UNSUPPORTED;
}

/// False when the arena is full.
bool write_switch(Exchange& x, std::string_view protocol) {
    const std::string accept = websocket_accept(trim(x.head.headers.value(MH_H_SEC_WEBSOCKET_KEY)));
    ResponseHead& r = x.response;
    auto add = [&](const char* name, uint32_t id, std::string_view value) {
        const std::string_view kept = x.arena().copy(value);
        r.headers.fields[r.headers.count++] = {str(name), str(kept), id, 0};
        r.headers.mark(id);
        return !kept.empty();
    };
    r.headers.clear();
    r.status = 101;
    r.framing = Framing::none;
    if (!add("Sec-WebSocket-Accept", MH_H_SEC_WEBSOCKET_ACCEPT, accept)) return false;
    return protocol.empty() || add("Sec-WebSocket-Protocol", MH_H_SEC_WEBSOCKET_PROTOCOL, protocol);
}

uint64_t message_limit(const Exchange& x, const mh_ws_options& o) {
    return o.max_message ? o.max_message : const_cast<Exchange&>(x).site().limits.websocket_message;
}

}  // namespace

Websocket::Websocket(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user)
    : x_(&x),
      engine_(x.engine()),
      user_(user),
      reader_(*this, message_limit(x, o)),
      ping_ms_(o.ping_interval_ms ? o.ping_interval_ms : kPingMs) {
    std::memcpy(&events_, &e, std::min<size_t>(e.size, sizeof events_));
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_timer(); };
}

mh_status Websocket::accept(Exchange& x, const mh_ws_options& o, const mh_ws_events& e, void* user,
                            Websocket** out) {
    if (x.answered()) return MH_E_INVALID;
    const std::string_view protocol = view(o.protocol);
    switch (check_handshake(x.head, protocol)) {
        case Handshake::good: break;
        case Handshake::wrong_version: return refuse_version(x);
        case Handshake::malformed: return MH_E_INVALID;
    }
    x.keep_head();
    if (!write_switch(x, protocol)) return MH_E_NOMEM;
    auto* w = new Websocket(x, o, e, user);
    *out = w;
    x.attach(*w);
    w->engine_.loop.arm(w->timer_, w->ping_ms_);
    x.start_tunnel(*w);
    return MH_OK;
}

// ---- from the module

mh_status Websocket::send(WsOpcode opcode, std::string_view message) {
    if (state_ != State::open) return MH_E_GONE;
    if (opcode == WsOpcode::text && !valid_utf8(message)) return MH_E_INVALID;
    if (x_->unsent() > kWindow) {
        busy_told_ = true;
        return MH_E_BUSY;
    }
    return write(opcode, message) ? MH_OK : MH_E_GONE;
}

mh_status Websocket::close(uint32_t code, std::string_view reason) {
    if (state_ != State::open) return MH_E_GONE;
    const bool bare = code == 0 || code == kWsNoCode;
    if ((!bare && !ws_code_valid(code)) || (bare && !reason.empty())) return MH_E_INVALID;
    if (reason.size() > kMostReason || !valid_utf8(reason)) return MH_E_INVALID;
    state_ = State::closing;
    write_close(static_cast<uint16_t>(bare ? uint32_t{kWsNoCode} : code), reason);
    engine_.loop.arm(timer_, kCloseMs);
    x_->resume_body();
    return MH_OK;
}

// ---- from the client

void Websocket::on_request_body(std::string_view piece, bool fin) {
    if (state_ == State::closed) return;
    if (!piece.empty()) pings_ = 0;
    reader_.feed(piece);
    if (state_ == State::closed) return;
    if (fin) return end(kWsBroken, {});
    // Who does not read gets no more answers: neither pongs nor what a module says to each message.
    if (state_ == State::open && x_->unsent() > kWindow) x_->pause_body();
}

void Websocket::on_ws_message(WsOpcode opcode, std::string_view message) {
    if (state_ != State::open) return;  // the module has closed: it hears of the end only
    guarded(HandlerHook::message, [&] {
        events_.on_message(user_, this, opcode == WsOpcode::text ? MH_WS_TEXT : MH_WS_BINARY,
                           seg(message));
    });
}

void Websocket::on_ws_ping(std::string_view payload) {
    if (state_ == State::open && x_->unsent() <= kWindow) write(WsOpcode::pong, payload);
}

void Websocket::on_ws_close(uint16_t code, std::string_view reason) {
    if (state_ == State::open) write_close(code, {});
    end(code, reason);
}

void Websocket::on_ws_violation(uint16_t code, const char* why) {
    if (state_ == State::open) write_close(code, why);
    end(code, why);
}

void Websocket::on_client_drained() {
    if (state_ == State::closed) return;
    x_->resume_body();
    if (state_ != State::open || !busy_told_ || x_->unsent() > kWindow) return;
    busy_told_ = false;
    if (events_.on_writable)
        guarded(HandlerHook::writable, [&] { events_.on_writable(user_, this); });
}

void Websocket::on_timer() {
    if (state_ == State::open && pings_ < kUnansweredPings) {
        pings_++;
        engine_.loop.arm(timer_, ping_ms_);
        if (x_->unsent() <= kWindow) write(WsOpcode::ping, {});
        return;
    }
    leave(kWsBroken, {})->connection().abort();
}

// ---- the end

// Tells the module. The request is left to the caller.
Exchange* Websocket::leave(uint16_t code, std::string_view reason) {
    Exchange* x = x_;
    Exchange::detach(*this);
    state_ = State::closed;
    reader_.stop();
    Wheel::disarm(timer_);
    guarded(HandlerHook::close, [&] { events_.on_close(user_, this, code, str(reason)); });
    x_ = nullptr;
    engine_.loop.free_later(this);
    return x;
}

void Websocket::end(uint16_t code, std::string_view reason) {
    Exchange* x = leave(code, reason);
    x->end_tunnel();
}

void Websocket::abandon() {
    if (state_ != State::closed) leave(kWsBroken, {});
}

template <class F>
void Websocket::guarded(HandlerHook hook, F&& call) noexcept {
    const auto h = static_cast<size_t>(hook);
    const InHook in(engine_.loop.activity, x_->program().handler_marks[h], &x_->id());
    try {
        return call();
    } catch (...) {
        engine_.log.error("an exception came out of the module",
                          {{"module", x_->site().module}, {"hook", kHandlerHookNames[h]}});
    }
    if (state_ == State::open) close(kInternalError, {});
}

// ---- frames

bool Websocket::write(WsOpcode opcode, std::string_view payload) {
    char head[kWsHead];
    iovec v[2] = {{head, write_ws_head(head, opcode, payload.size())},
                  {const_cast<char*>(payload.data()), payload.size()}};
    return x_->connection().write(v, payload.empty() ? 1 : 2);
}

void Websocket::write_close(uint16_t code, std::string_view reason) {
    if (code == kWsNoCode) {
        write(WsOpcode::close, {});
        return;
    }
    char payload[2 + kMostReason];
    payload[0] = static_cast<char>(code >> 8);
    payload[1] = static_cast<char>(code & 0xff);
    const size_t n = reason.copy(payload + 2, kMostReason);
    write(WsOpcode::close, {payload, 2 + n});
}

}  // namespace microhost::http
