// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_server.hpp"

#include <utility>

#include "http/engine.hpp"
#include "http/h1/server_connection.hpp"
#include "http/names.hpp"
#include "http/websocket_handshake.hpp"

namespace microhost::http {
namespace {

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

uint64_t message_limit(Exchange& x, const mh_ws_options& o) {
    return o.max_message ? o.max_message : x.site().limits.websocket_message;
}

}  // namespace

ServerWebsocket::ServerWebsocket(Exchange& x, const mh_ws_options& o, const mh_ws_events& e,
                                 void* user)
    : Websocket(x.engine().loop, WsEnd::server, {e, user, message_limit(x, o), o.ping_interval_ms}),
      x_(&x),
      engine_(x.engine()) {}

mh_status ServerWebsocket::accept(Exchange& x, const mh_ws_options& o, const mh_ws_events& e,
                                  void* user, Websocket** out) {
    if (x.answered()) return MH_E_INVALID;
    const std::string_view protocol = view(o.protocol);
    switch (check_handshake(x.head, protocol)) {
        case Handshake::good: break;
        case Handshake::wrong_version: return refuse_version(x);
        case Handshake::malformed: return MH_E_INVALID;
    }
    x.keep_head();
    if (!write_switch(x, protocol)) return MH_E_NOMEM;
    auto* w = new ServerWebsocket(x, o, e, user);
    *out = w;
    x.attach(*w);
    w->opened();
    x.start_tunnel(*w);
    return MH_OK;
}

bool ServerWebsocket::transmit(const iovec* v, int n) { return x_->connection().write(v, n); }

void ServerWebsocket::let_go(bool broken) {
    Exchange* x = std::exchange(x_, nullptr);
    loop_.free_later(this);
    if (broken)
        x->connection().abort();
    else
        x->end_tunnel();
}

// The request ends, and its connection is somebody else's business.
void ServerWebsocket::abandon() {
    if (state_ == State::closed) return;
    leave(kWsBroken, {});
    x_ = nullptr;
    loop_.free_later(this);
}

bool ServerWebsocket::enter(Call which, void (*fn)(void*), void* arg) noexcept {
    const auto hook = static_cast<size_t>(which == Call::message    ? HandlerHook::message
                                          : which == Call::writable ? HandlerHook::writable
                                                                    : HandlerHook::close);
    const std::string& module = x_->site().module;
    const InHook in(engine_.loop.activity, x_->program().handler_marks[hook], &x_->id());
    try {
        fn(arg);
        return true;
    } catch (...) {
        engine_.log.error("an exception came out of the module",
                          {{"module", module}, {"hook", kHandlerHookNames[hook]}});
        return false;
    }
}

}  // namespace microhost::http
