// SPDX-License-Identifier: Apache-2.0
#include "http/websocket.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "http/head.hpp"

namespace microhost::http {
namespace {

constexpr uint16_t kInternalError = 1011;
constexpr size_t kMostReason = 123;  // with the code, a control frame is full

/// Those of this thread that a module may speak of.
thread_local std::unordered_set<const mh_ws*> alive_here;

WsEnd other(WsEnd end) { return end == WsEnd::client ? WsEnd::server : WsEnd::client; }

}  // namespace

Websocket::Websocket(Loop& loop, WsEnd end, const Setup& setup)
    : loop_(loop),
      user_(setup.user),
      end_(end),
      reader_(*this, other(end), setup.max_message),
      ping_ms_(setup.ping_ms ? setup.ping_ms : kPingMs) {
    std::memcpy(&events_, &setup.events, std::min<size_t>(setup.events.size, sizeof events_));
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_timer(); };
    alive_here.insert(this);
}

Websocket::~Websocket() { alive_here.erase(this); }

Websocket* Websocket::find(mh_ws* w) {
    return alive_here.contains(w) ? static_cast<Websocket*>(w) : nullptr;
}

void Websocket::opened() {
    state_ = State::open;
    was_open_ = true;
    loop_.arm(timer_, ping_ms_);
}

// ---- from the module

mh_status Websocket::send(WsOpcode opcode, std::string_view message) {
    if (state_ != State::open) return MH_E_GONE;
    if (opcode == WsOpcode::text && !valid_utf8(message)) return MH_E_INVALID;
    if (unsent() > kWindow) {
        busy_told_ = true;
        return MH_E_BUSY;
    }
    return write(opcode, message) ? MH_OK : MH_E_GONE;
}

mh_status Websocket::close(uint32_t code, std::string_view reason) {
    if (state_ == State::closing || state_ == State::closed) return MH_E_GONE;
    const bool bare = code == 0 || code == kWsNoCode;
    if ((!bare && !ws_code_valid(code)) || (bare && !reason.empty())) return MH_E_INVALID;
    if (reason.size() > kMostReason || !valid_utf8(reason)) return MH_E_INVALID;
    state_ = State::closing;
    if (!was_open_) {
        loop_.arm(timer_, 0);  // on_timer ends it, and not within this call
        return MH_OK;
    }
    write_close(static_cast<uint16_t>(bare ? uint32_t{kWsNoCode} : code), reason);
    loop_.arm(timer_, kCloseMs);
    resume_input();
    return MH_OK;
}

void Websocket::abort() {
    if (state_ == State::closed) return;
    stop();
    let_go(true);
}

// ---- from the peer

void Websocket::take(std::string_view bytes, bool fin) {
    if (state_ == State::closed) return;
    if (!bytes.empty()) pings_ = 0;
    reader_.feed(bytes);
    if (state_ == State::closed) return;
    if (fin) return end(kWsBroken, "the connection ended");
    // Who does not read gets no more answers: neither pongs nor what a module says to each message.
    if (state_ == State::open && unsent() > kWindow) pause_input();
}

void Websocket::on_ws_message(WsOpcode opcode, std::string_view message) {
    if (state_ != State::open) return;  // the module has closed: it hears of the end only
    guarded(Call::message, [&] {
        events_.on_message(user_, this, opcode == WsOpcode::text ? MH_WS_TEXT : MH_WS_BINARY,
                           seg(message));
    });
}

void Websocket::on_ws_ping(std::string_view payload) {
    if (state_ == State::open && unsent() <= kWindow) write(WsOpcode::pong, payload);
}

void Websocket::on_ws_close(uint16_t code, std::string_view reason) {
    if (state_ == State::open) write_close(code, {});
    end(code, reason);
}

void Websocket::on_ws_violation(uint16_t code, const char* why) {
    if (state_ == State::open) write_close(code, why);
    end(code, why);
}

void Websocket::drained() {
    if (state_ == State::closed) return;
    resume_input();
    if (state_ != State::open || !busy_told_ || unsent() > kWindow) return;
    busy_told_ = false;
    if (events_.on_writable) guarded(Call::writable, [&] { events_.on_writable(user_, this); });
}

void Websocket::on_timer() {
    if (state_ == State::connecting || state_ == State::closed) return on_late();
    if (state_ == State::open && pings_ < kUnansweredPings) {
        pings_++;
        loop_.arm(timer_, ping_ms_);
        if (unsent() <= kWindow) write(WsOpcode::ping, {});
        return;
    }
    leave(kWsBroken, state_ == State::open ? "pings are not answered"
                     : was_open_           ? "the close is not answered"
                                           : "given up before it was open");
    let_go(true);
}

// ---- the end

void Websocket::stop() {
    detach();
    alive_here.erase(this);
    state_ = State::closed;
    reader_.stop();
    Wheel::disarm(timer_);
}

void Websocket::leave(uint16_t code, std::string_view reason) {
    stop();
    guarded(Call::close, [&] { events_.on_close(user_, this, code, str(reason)); });
}

void Websocket::end(uint16_t code, std::string_view reason) {
    leave(code, reason);
    let_go(false);
}

void Websocket::panicked() {
    if (state_ == State::open) close(kInternalError, {});
}

// ---- frames

bool Websocket::write(WsOpcode opcode, std::string_view payload) {
    if (end_ == WsEnd::client) {
        std::string frame = masked_ws_frame(opcode, payload, random_ws_mask());
        const iovec v{frame.data(), frame.size()};
        return transmit(&v, 1);
    }
    char head[kWsHead];
    const iovec v[2] = {{head, write_ws_head(head, opcode, payload.size())},
                        {const_cast<char*>(payload.data()), payload.size()}};
    return transmit(v, payload.empty() ? 1 : 2);
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
