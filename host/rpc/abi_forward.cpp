// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_forward.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>

#include "module/host_side.hpp"
#include "rpc/engine.hpp"
#include "rpc/forward_way.hpp"
#include "rpc/unknown.hpp"

namespace microhost::rpc {
namespace {

using http::view;

mh_status to_service(Way& w, const mh_http_forward_to& to) {
    Engine& e = *w.engine;
    const std::string_view name = view(to.service);
    const registry::ServiceNodes* nodes = e.snapshot().find(name);
    if (!nodes || nodes->callable_count == 0) {
        if (!nodes) ask_for(name);
        if (e.local(name)) return MH_E_UNSUPPORTED;  // there is no connection that could carry it
        const bool known = nodes || e.snapshot().vanished(name, e.now());
        return known ? MH_E_UNAVAILABLE : MH_E_NOT_FOUND;
    }
    registry::Filters filters;
    filters.version = view(to.version);
    w.pick = e.selector.pick(*nodes, e.now(), filters);
    if (!w.pick) return MH_E_UNAVAILABLE;
    w.service = w.x->arena().copy(name);
    w.version = w.x->arena().copy(view(to.version));
    const mh_status s = w.to_node(*w.pick.node);
    if (s != MH_OK) w.report(registry::Outcome::cancelled, 0);
    return s;
}

mh_status begin(Engine& e, http::Exchange& x, const mh_http_forward_to& to) {
    Way w{&e, &x};
    const mh_status s = to.address.len ? w.to_address(view(to.address), to.flags & MH_FORWARD_TLS)
                                       : to_service(w, to);
    if (s != MH_OK) return s;
    if (!w.has_choice()) {
        w.go(to);
        return MH_OK;
    }
    void* room = x.arena().alloc(sizeof(Way), alignof(Way));
    if (!room) {
        w.report(registry::Outcome::cancelled, 0);
        return MH_E_NOMEM;
    }
    (new (room) Way(w))->go(to);
    return MH_OK;
}

mh_status forward(mh_req* r, const mh_http_forward_to* to) {
    // Not MH_FIELD_OK: an empty text is {NULL, 0}.
    if (!r || !to || to->size < offsetof(mh_http_forward_to, version)) return MH_E_INVALID;
    if (!to->address.len && !to->service.len) return MH_E_INVALID;
    if (module::broken(to->address) || module::broken(to->service)) return MH_E_INVALID;
    Engine* e = Engine::current();
    http::Exchange& x = http::Exchange::of(r);
    if (!e || &e->http != &x.engine()) return MH_E_WRONG_THREAD;
    if (x.answered()) return MH_E_GONE;
    mh_http_forward_to whole{};  // callers of earlier drafts know less of it
    std::memcpy(&whole, to, std::min<size_t>(to->size, sizeof whole));
    return module::guard_status([&] { return begin(*e, x, whole); });
}

}  // namespace

const mh_http_forward kForwardTable = {sizeof(mh_http_forward), 0, forward};

}  // namespace microhost::rpc
