// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_rpc.hpp"

#include "http/names.hpp"
#include "module/host_side.hpp"
#include "rpc/call.hpp"
#include "rpc/engine.hpp"
#include "rpc/stream_call.hpp"

namespace microhost::rpc {
namespace {

bool good(const mh_kv* list, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (module::broken(list[i].key) || module::broken(list[i].val)) return false;
    return list || n == 0;
}

// What goes into a head must not be able to end its line.
bool good(const mh_rpc_target* t) {
    if (!t || t->size < offsetof(mh_rpc_target, labels)) return false;
    for (const mh_str& s : {t->service, t->endpoint, t->address, t->version, t->content_type})
        if (module::broken(s) || !http::valid_value(http::view(s))) return false;
    if (!good(t->metadata, t->n_metadata)) return false;
    const std::string_view from = caller_of(*t);
    if ((!from.data() && !from.empty()) || !http::valid_value(from)) return false;
    return t->size < offsetof(mh_rpc_target, from_service) || good(t->labels, t->n_labels);
}

mh_status open(const mh_host* h, mh_req* r, const mh_rpc_target* t, const mh_rpc_sink* sink,
               void* user, mh_rpc_call** out) {
    Engine* e = Engine::current();
    if (!e) return MH_E_WRONG_THREAD;
    if (!out || !MH_FIELD_OK(sink, on_message) || !MH_FIELD_OK(sink, on_end)) return MH_E_INVALID;
    if (!good(t)) return MH_E_INVALID;
    return module::guard_status([&] {
        if (t->flags & MH_RPC_STREAM) {
            StreamCall* s = nullptr;
            http::Exchange* of = r ? &http::Exchange::of(r) : nullptr;
            const mh_status opened =
                StreamCall::open(*e, module::HostSide::find(h), of, *t, *sink, user, &s);
            if (opened == MH_OK) *out = s;
            return opened;
        }
        Call* c = e->take();
        http::Exchange* x = r ? &http::Exchange::of(r) : nullptr;
        mh_status s = c->open(module::HostSide::find(h), x, *t, *sink, user);
        if (s != MH_OK)
            e->recycle(c);
        else
            *out = c;
        return s;
    });
}

mh_status send(mh_rpc_call* c, mh_seg body, uint32_t fin) {
    if (!c || module::broken(body)) return MH_E_INVALID;
    return module::guard_status([&] {
        return c->stream ? StreamCall::of(c).send(http::view(body), fin != 0)
                         : Call::of(c).send(http::view(body), fin != 0);
    });
}

void cancel(mh_rpc_call* c) {
    if (!c) return;
    if (c->stream)
        StreamCall::of(c).cancel();
    else
        Call::of(c).cancel();
}

mh_status pause(mh_rpc_call* c) {
    return c && c->stream ? StreamCall::of(c).pause(true) : MH_E_INVALID;
}
mh_status resume(mh_rpc_call* c) {
    return c && c->stream ? StreamCall::of(c).pause(false) : MH_E_INVALID;
}

}  // namespace

const mh_rpc kRpcTable = {sizeof(mh_rpc), 0, open, send, cancel, pause, resume};

}  // namespace microhost::rpc
