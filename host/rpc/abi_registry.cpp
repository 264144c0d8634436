// SPDX-License-Identifier: Apache-2.0
#include "rpc/abi_registry.hpp"

#include <algorithm>
#include <cstring>

#include "loop/loop.hpp"
#include "module/host_side.hpp"
#include "rpc/announced.hpp"
#include "rpc/registry_desk.hpp"
#include "rpc/registry_sources.hpp"
#include "rpc/registry_view.hpp"

namespace microhost::rpc {
namespace {

using module::broken;
using module::HostSide;
using module::lend;
using registry::ServiceNodes;
using registry::Snapshot;

const mh_registry_view* now(const mh_host*) {
    static const Snapshot nothing;  // on a thread that has no registry
    RegistryDesk* desk = RegistryDesk::current();
    return RegistryDesk::view_of(desk ? desk->snapshot() : nothing);
}

const mh_registry_view* retain(const mh_registry_view* v) {
    RegistryDesk* desk = RegistryDesk::current();
    return desk && v ? desk->retain(v) : nullptr;
}

void release(const mh_registry_view* v) {
    if (RegistryDesk* desk = RegistryDesk::current(); desk && v) desk->release(v);
}

uint64_t revision(const mh_registry_view* v) { return v ? RegistryDesk::of(v).revision() : 0; }

int32_t state(const mh_registry_view* v, mh_str name) {
    if (!v || broken(name)) return MH_SERVICE_UNKNOWN;
    const Snapshot& s = RegistryDesk::of(v);
    if (s.find(module::view(name))) return MH_SERVICE_ALIVE;
    const Loop* loop = Loop::current();
    if (!loop || s.vanished_names().empty()) return MH_SERVICE_UNKNOWN;
    const registry::TimePoint now{std::chrono::nanoseconds(loop->now_ns())};
    return s.vanished(module::view(name), now) ? MH_SERVICE_GONE : MH_SERVICE_UNKNOWN;
}

mh_str nearest(const mh_registry_view* v, mh_str name) {
    if (!v || broken(name)) return {"", 0};
    return lend(RegistryDesk::of(v).nearest(module::view(name)));
}

uint32_t count(const mh_registry_view* v) {
    return v ? static_cast<uint32_t>(RegistryDesk::of(v).entries().size()) : 0;
}

const mh_service_view* version_of(const ServiceNodes& s, size_t i) {
    const ServiceViews* views = ServiceViews::of(s);
    return views && i < views->versions.size() ? &views->versions[i] : nullptr;
}

const mh_service_view* at(const mh_registry_view* v, uint32_t i) {
    if (!v || i >= RegistryDesk::of(v).entries().size()) return nullptr;
    const registry::Entry& e = RegistryDesk::of(v).entries()[i];
    return version_of(*e.service, e.version);
}

const mh_service_view* find(const mh_registry_view* v, mh_str name, mh_str version) {
    if (!v || broken(name) || broken(version)) return nullptr;
    const ServiceNodes* s = RegistryDesk::of(v).find(module::view(name));
    if (!s) return nullptr;
    for (size_t i = 0; i < s->versions.size(); i++)
        if (!version.len || s->versions[i].version == module::view(version))
            return version_of(*s, i);
    return nullptr;
}

mh_str name(const mh_service_view* s) { return s ? lend(s->service->name) : mh_str{"", 0}; }
mh_str version(const mh_service_view* s) { return s ? lend(s->service->version) : mh_str{"", 0}; }
mh_str json_text(const mh_service_view* s) { return s ? lend(s->json) : mh_str{"", 0}; }

/// Copies as much as the caller's struct holds.
template <class View>
mh_status give(const View& from, View* to) {
    if (!to || to->size < offsetof(View, n_metadata) + sizeof to->n_metadata) return MH_E_INVALID;
    const uint32_t size = std::min<uint32_t>(to->size, sizeof from);
    std::memcpy(to, &from, size);
    to->size = size;
    return MH_OK;
}

uint32_t endpoint_count(const mh_service_view* s) {
    return s ? static_cast<uint32_t>(s->endpoints.size()) : 0;
}

mh_status endpoint_at(const mh_service_view* s, uint32_t i, mh_endpoint_view* out) {
    return s && i < s->endpoints.size() ? give(s->endpoints[i], out) : MH_E_NOT_FOUND;
}

mh_status endpoint(const mh_service_view* s, mh_str wanted, mh_endpoint_view* out) {
    if (!s || broken(wanted)) return MH_E_NOT_FOUND;
    for (const mh_endpoint_view& e : s->endpoints)
        if (module::view(e.name) == module::view(wanted)) return give(e, out);
    return MH_E_NOT_FOUND;
}

uint32_t node_count(const mh_service_view* s) {
    return s ? static_cast<uint32_t>(s->nodes.size()) : 0;
}

mh_status node_at(const mh_service_view* s, uint32_t i, mh_node_view* out) {
    return s && i < s->nodes.size() ? give(s->nodes[i], out) : MH_E_NOT_FOUND;
}

mh_status watch(const mh_host* h, RegistryDesk::Fn fn, void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || !fn || !out) return MH_E_INVALID;
    RegistryDesk* desk = RegistryDesk::current();
    if (!desk || !Loop::current()) return MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        *out = desk->watch(side, fn, user);
        return MH_OK;
    });
}

mh_status unwatch(mh_token t) {
    RegistryDesk* desk = RegistryDesk::current();
    if (!t) return MH_E_INVALID;
    return desk ? desk->unwatch(t) : MH_E_WRONG_THREAD;
}

mh_status enlist(const mh_host* h, mh_str service_json, uint32_t ttl_s, mh_token* out) {
    HostSide* side = HostSide::find(h);
    if (!side || broken(service_json) || !out) return MH_E_INVALID;
    Announced* announced = Announced::current();
    if (!announced) return MH_E_WRONG_THREAD;
    return module::guard_status(
        [&] { return announced->enlist(*side, module::view(service_json), ttl_s, *out); });
}

mh_status deregister(mh_token t) {
    Announced* announced = Announced::current();
    return announced ? announced->deregister(t) : MH_E_WRONG_THREAD;
}

mh_status sources(const mh_host* h, void (*fn)(void*, const mh_registry_source*), void* user) {
    if (!HostSide::find(h) || !fn) return MH_E_INVALID;
    RegistrySources* all = RegistrySources::current();
    if (!all) return Announced::current() ? MH_E_UNSUPPORTED : MH_E_WRONG_THREAD;
    return module::guard_status([&] {
        for (const SourceRow& row : all->rows()) {
            mh_registry_source s{};
            s.size = sizeof s;
            s.name = lend(row.name);
            s.place = lend(row.place);
            s.problem = lend(row.problem);
            s.services = static_cast<uint32_t>(row.services);
            s.nodes = static_cast<uint32_t>(row.nodes);
            fn(user, &s);
        }
        return mh_status{MH_OK};
    });
}

mh_status put(const mh_host* h, mh_str service_json, uint32_t ttl_s) {
    if (!HostSide::find(h) || broken(service_json)) return MH_E_INVALID;
    RegistrySources* all = RegistrySources::current();
    if (!all) return Announced::current() ? MH_E_UNSUPPORTED : MH_E_WRONG_THREAD;
    return module::guard_status([&] { return all->put(module::view(service_json), ttl_s); });
}

mh_status remove(const mh_host* h, mh_str service_json) {
    if (!HostSide::find(h) || broken(service_json)) return MH_E_INVALID;
    RegistrySources* all = RegistrySources::current();
    if (!all) return Announced::current() ? MH_E_UNSUPPORTED : MH_E_WRONG_THREAD;
    return module::guard_status([&] { return all->remove(module::view(service_json)); });
}

mh_str fault(const mh_host*) {
    const RegistrySources* all = RegistrySources::current();
    return all ? lend(all->fault()) : mh_str{"", 0};
}

}  // namespace

const mh_registry kRegistryTable = {
    sizeof(mh_registry),
    0,
    now,
    retain,
    release,
    revision,
    state,
    nearest,
    count,
    at,
    find,
    name,
    version,
    json_text,
    endpoint_count,
    endpoint_at,
    endpoint,
    node_count,
    node_at,
    watch,
    unwatch,
    enlist,
    deregister,
    sources,
    put,
    remove,
    fault,
};

}  // namespace microhost::rpc
