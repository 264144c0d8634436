// SPDX-License-Identifier: Apache-2.0
#include "http/abi_websocket.hpp"

#include "http/engine.hpp"
#include "http/websocket.hpp"

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
    const mh_status s = Websocket::accept(x, options, *e, user, &w);
    if (s == MH_OK) *out = w;
    return s;
}

mh_status send(mh_ws* w, int32_t opcode, mh_seg message) {
    if (!w || (!message.ptr && message.len) || message.len > kMostSent) return MH_E_INVALID;
    if (opcode != MH_WS_TEXT && opcode != MH_WS_BINARY) return MH_E_INVALID;
    return Websocket::of(w).send(static_cast<WsOpcode>(opcode), view(message));
}

mh_status close(mh_ws* w, uint32_t code, mh_str reason) {
    if (!w || (!reason.ptr && reason.len)) return MH_E_INVALID;
    return Websocket::of(w).close(code, view(reason));
}

}  // namespace

const mh_http_websocket kWebsocketTable = {
    sizeof(mh_http_websocket), 0, accept, send, close, nullptr, nullptr};

}  // namespace microhost::http
