// SPDX-License-Identifier: Apache-2.0
#include "http/abi_client.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "http/client_call.hpp"
#include "http/engine.hpp"
#include "module/host_side.hpp"

namespace microhost::http {
namespace {

// Up to here it was when the first modules were compiled.
constexpr size_t kFirstSize = offsetof(mh_http_out, head_timeout_ms);

mh_status open(const mh_host* h, const mh_http_out* out, const mh_http_sink* sink, void* user,
               mh_http_call** call) {
    Engine* e = Engine::current();
    if (!e) return MH_E_WRONG_THREAD;
    module::HostSide* side = module::HostSide::find(h);
    if (!side || !out || out->size < kFirstSize || !call || !MH_FIELD_OK(sink, on_end))
        return MH_E_INVALID;
    mh_http_out whole{};
    std::memcpy(&whole, out, std::min<size_t>(out->size, sizeof whole));
    ClientCall* c = nullptr;
    const mh_status s =
        module::guard_status([&] { return ClientCall::open(*e, side, whole, *sink, user, &c); });
    if (s == MH_OK) *call = c;
    return s;
}

void cancel(mh_http_call* c) {
    if (c) ClientCall::of(c).cancel();
}

}  // namespace

const mh_http_client kClientTable = {sizeof(mh_http_client), 0, open, cancel};

}  // namespace microhost::http
