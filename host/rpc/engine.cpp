// SPDX-License-Identifier: Apache-2.0
#include "rpc/engine.hpp"

#include <utility>

#include "rpc/call.hpp"

namespace microhost::rpc {
namespace {

thread_local Engine* current_engine = nullptr;

}  // namespace

const mh_rpc_endpoint* LocalService::find(std::string_view endpoint) const {
    auto* at = reinterpret_cast<const char*>(service->endpoints);
    uint32_t stride = service->stride ? service->stride : sizeof(mh_rpc_endpoint);
    for (uint32_t i = 0; i < service->n_endpoints; i++, at += stride) {
        auto* e = reinterpret_cast<const mh_rpc_endpoint*>(at);
        if (endpoint == e->name) return e;
    }
    return nullptr;
}

Engine::Engine(http::Engine& h, uint64_t seed)
    : http(h), selector(seed), snapshot_(std::make_shared<registry::Snapshot>()) {}

Engine::~Engine() {
    if (current_engine == this) current_engine = nullptr;
}

Engine* Engine::current() { return current_engine; }
void Engine::adopt_thread() { current_engine = this; }

std::shared_ptr<const registry::Snapshot> Engine::adopt(
    std::shared_ptr<const registry::Snapshot> s) {
    selector.adopt(*s);
    return std::exchange(snapshot_, std::move(s));
}

const LocalService* Engine::local(std::string_view name) const {
    for (const LocalService& s : local_)
        if (s.name == name) return &s;
    return nullptr;
}

Call* Engine::take() {
    if (free_.empty()) return new Call(*this);
    Call* c = free_.back().release();
    free_.pop_back();
    return c;
}

void Engine::recycle(Call* c) {
    // At the end of the turn: its methods may still be on the stack.
    http.loop.defer(
        [](void* p) {
            auto* call = static_cast<Call*>(p);
            call->engine().free_.emplace_back(call);
        },
        c);
}

}  // namespace microhost::rpc
