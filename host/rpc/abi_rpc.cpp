// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_rpc.hpp"

#include "rpc/call.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc {
namespace {

mh_status open(const mh_host*, mh_req* r, const mh_rpc_target* t, const mh_rpc_sink* sink,
               void* user, mh_rpc_call** out) {
    Engine* e = Engine::current();
    if (!e) return MH_E_WRONG_THREAD;
    if (!t || !out || !MH_FIELD_OK(sink, on_message) || !MH_FIELD_OK(sink, on_end))
        return MH_E_INVALID;
    if (t->flags & MH_RPC_STREAM) return MH_E_UNSUPPORTED;
    Call* c = e->take();
    mh_status s = c->open(r ? &http::Exchange::of(r) : nullptr, *t, *sink, user);
    if (s != MH_OK) {
        e->recycle(c);
        return s;
    }
    *out = c;
    return MH_OK;
}

mh_status send(mh_rpc_call* c, mh_seg body, uint32_t fin) {
    return c ? Call::of(c).send(http::view(body), fin) : MH_E_INVALID;
}

void cancel(mh_rpc_call* c) {
    if (c) Call::of(c).cancel();
}

}  // namespace

const mh_rpc kRpcTable = {sizeof(mh_rpc), 0, open, send, cancel};

}  // namespace microhost::rpc
