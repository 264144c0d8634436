// SPDX-License-Identifier: Apache-2.0
#include "http/abi_websocket.hpp"

#include <algorithm>
#include <cstring>

#include "http/engine.hpp"
#include "http/websocket_client.hpp"
#include "http/websocket_server.hpp"
#include "module/host_side.hpp"

namespace microhost::http {
namespace {

// The largest frame of ours that is surely taken whole: more is a mistake, not a message.
constexpr size_t kMostSent = size_t{1} << 30;

mh_status accept(mh_req* r, const mh_ws_options* o, const mh_ws_events* e, void* user,
                 mh_ws** out) {
    if (!r || !out || !MH_FIELD_OK(e, on_message) || !MH_FIELD_OK(e, on_close)) return MH_E_INVALID;
    Exchange& x = Exchange::of(r);
    if (Engine::current() != &x.engine()) return MH_E_WRONG_THREAD;
    mh_ws_options options{};
    if (o) {
        if (o->size < sizeof options) return MH_E_INVALID;
        options = *o;
    }
    if (!options.protocol.ptr && options.protocol.len) return MH_E_INVALID;
    Websocket* w = nullptr;
    const mh_status s = ServerWebsocket::accept(x, options, *e, user, &w);
    if (s == MH_OK) *out = w;
    return s;
}

mh_status send(mh_ws* w, int32_t opcode, mh_seg message) {
    if (!w || (!message.ptr && message.len) || message.len > kMostSent) return MH_E_INVALID;
    if (opcode != MH_WS_TEXT && opcode != MH_WS_BINARY) return MH_E_INVALID;
    Websocket* socket = Websocket::find(w);
    return socket ? socket->send(static_cast<WsOpcode>(opcode), view(message)) : MH_E_GONE;
}

mh_status close(mh_ws* w, uint32_t code, mh_str reason) {
    if (!w || (!reason.ptr && reason.len)) return MH_E_INVALID;
    Websocket* socket = Websocket::find(w);
    return socket ? socket->close(code, view(reason)) : MH_E_GONE;
}

mh_status connect(const mh_host* h, const mh_ws_connect* o, const mh_ws_events* e, void* user,
                  mh_ws** out) {
    Engine* engine = Engine::current();
    if (!engine) return MH_E_WRONG_THREAD;
    module::HostSide* side = module::HostSide::find(h);
    if (!side || !out || !o || o->size < sizeof(mh_ws_connect) || !MH_FIELD_OK(e, on_message) ||
        !MH_FIELD_OK(e, on_close))
        return MH_E_INVALID;
    return module::guard_status([&] {
        mh_ws_connect options{};
        std::memcpy(&options, o, std::min<size_t>(o->size, sizeof options));
        Websocket* w = nullptr;
        const mh_status s = ClientWebsocket::connect(*engine, side, options, *e, user, &w);
        if (s == MH_OK) *out = w;
        return s;
    });
}

void abort(mh_ws* w) {
    if (Websocket* socket = Websocket::find(w)) socket->abort();
}

}  // namespace

const mh_http_websocket kWebsocketTable = {
    sizeof(mh_http_websocket), 0, accept, send, close, connect, abort};

}  // namespace microhost::http
