// SPDX-License-Identifier: Apache-2.0
#include "http/abi_client.hpp"

#include "http/client_call.hpp"
#include "http/engine.hpp"
#include "module/host_side.hpp"

namespace microhost::http {
namespace {

mh_status open(const mh_host* h, const mh_http_out* out, const mh_http_sink* sink, void* user,
               mh_http_call** call) {
    Engine* e = Engine::current();
    if (!e) return MH_E_WRONG_THREAD;
    module::HostSide* side = module::HostSide::find(h);
    if (!side || !out || out->size < sizeof *out || !call || !MH_FIELD_OK(sink, on_end))
        return MH_E_INVALID;
    ClientCall* c = nullptr;
    const mh_status s =
        module::guard_status([&] { return ClientCall::open(*e, side, *out, *sink, user, &c); });
    if (s == MH_OK) *call = c;
    return s;
}

void cancel(mh_http_call* c) {
    if (c) ClientCall::of(c).cancel();
}

}  // namespace

const mh_http_client kClientTable = {sizeof(mh_http_client), 0, open, cancel};

}  // namespace microhost::http
