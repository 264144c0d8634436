// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_forward.hpp"

#include <cstddef>
#include <new>

#include "http/forward.hpp"
#include "module/host_side.hpp"
#include "rpc/engine.hpp"
#include "rpc/reach.hpp"

namespace microhost::rpc {
namespace {

using http::view;

/// A pick and where to report it; lives in the request's arena.
struct Chosen {
    Engine* engine;
    registry::Pick pick;
    std::string_view service;

    void report(registry::Outcome outcome, uint64_t latency_ns) const {
        engine->selector.report(pick, engine->snapshot().find(service), outcome,
                                std::chrono::nanoseconds(latency_ns), engine->now());
    }
};

void report(void* user, bool ok, mh_status why, uint64_t latency_ns) {
    auto outcome = ok                        ? registry::Outcome::success
                   : why == MH_E_UNAVAILABLE ? registry::Outcome::connect_failed
                   : why == MH_E_CANCELLED   ? registry::Outcome::cancelled
                                             : registry::Outcome::transport_failed;
    static_cast<Chosen*>(user)->report(outcome, latency_ns);
}

/// The context for TLS where it is wanted; false when it cannot be had.
bool tls_of(const Engine& e, bool wanted, const net::TlsClientContext*& out) {
    out = wanted ? e.tls : nullptr;
    return !wanted || out;
}

mh_status to_address(Engine& e, http::Exchange& x, const mh_http_forward_to& to) {
    const net::TlsClientContext* tls = nullptr;
    if (!tls_of(e, to.flags & MH_FORWARD_TLS, tls)) return MH_E_UNSUPPORTED;
    std::string_view text = view(to.address);
    if (Result<net::Address> a = net::Address::parse(text)) {
        return http::Forward::begin(x, to, *a, tls, {}) ? MH_OK : MH_E_UNAVAILABLE;
    }
    if (!registry::parse_address(text)) return MH_E_INVALID;
    e.say_unresolved(text);
    return MH_E_UNAVAILABLE;
}

mh_status to_service(Engine& e, http::Exchange& x, const mh_http_forward_to& to) {
    const std::string_view name = view(to.service);
    const registry::ServiceNodes* nodes = e.snapshot().find(name);
    if (!nodes || nodes->callable_count == 0) {
        if (e.local(name)) return MH_E_UNSUPPORTED;  // there is no connection that could carry it
        const bool known = nodes || e.snapshot().vanished(name, e.now());
        return known ? MH_E_UNAVAILABLE : MH_E_NOT_FOUND;
    }
    void* room = x.arena().alloc(sizeof(Chosen), alignof(Chosen));
    if (!room) return MH_E_NOMEM;
    registry::Filters filters;
    filters.version = view(to.version);
    auto* chosen = new (room) Chosen{&e, e.selector.pick(*nodes, e.now(), filters), {}};
    if (!chosen->pick) return MH_E_UNAVAILABLE;
    chosen->service = x.arena().copy(name);
    const registry::LiveNode& node = *chosen->pick.node;
    net::Address address;
    const net::TlsClientContext* tls = nullptr;
    const bool reachable = address_of(node, address);
    if (!reachable) e.say_unresolved(node.node.address);
    if (!reachable || !tls_of(e, wants_tls(node), tls) ||
        !http::Forward::begin(x, to, address, tls, {}, {report, chosen})) {
        chosen->report(registry::Outcome::cancelled, 0);
        return MH_E_UNAVAILABLE;
    }
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
    return module::guard_status(
        [&] { return to->address.len ? to_address(*e, x, *to) : to_service(*e, x, *to); });
}

}  // namespace

const mh_http_forward kForwardTable = {sizeof(mh_http_forward), 0, forward};

}  // namespace microhost::rpc
