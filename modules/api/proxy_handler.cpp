// SPDX-License-Identifier: Apache-2.0
#include "proxy_handler.hpp"

#include "../shared/text.hpp"
#include "answer.hpp"
#include "call.hpp"

namespace microhost::api {
namespace {

using shared::str;

void on_error(void* user, mh_req*, mh_status why) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    try {
        answer_failure(x, why == MH_E_INVALID ? MH_E_IO : why, {});
    } catch (...) {
        x.gateway().http->respond(x.request, 502, nullptr, 0, nullptr, 0);
    }
}

}  // namespace

mh_status handle_proxy(Shard& shard, mh_req* r, const Route& route) {
    const Gateway& g = shard.gateway;
    Exchange* const x = make_exchange(shard, r, route.service, {});
    if (!x) return MH_E_NOMEM;
    mh_http_forward_to to{};
    to.size = sizeof to;
    // Go's reverse proxy leaves the client's Host in place; services build their links from it.
    to.flags = MH_FORWARD_KEEP_HOST;
    if (route.handler == Handler::web) to.flags |= MH_FORWARD_UPGRADE;
    to.service = str(x->service);
    to.on_error = &on_error;
    to.user = x;
    const mh_status s = g.forward->forward(r, &to);
    if (s == MH_E_NOT_FOUND) return refuse_unknown(g, r, x->service);
    if (s == MH_E_UNAVAILABLE) return refuse_gone(g, r, x->service);
    if (s == MH_E_UNREACHABLE) {
        answer_failure(*x, s, {});
        return MH_OK;
    }
    if (s == MH_OK) g.http->route_set(r, str(x->service));
    return s;
}

}  // namespace microhost::api
