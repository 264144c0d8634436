// SPDX-License-Identifier: Apache-2.0
#include "rpc/engine.hpp"

#include <utility>

#include "loop/prefetch.hpp"
#include "rpc/call.hpp"

namespace microhost::rpc {
namespace {

constexpr size_t kCallBytes = 576;  // what a call of a node touches

thread_local Engine* current_engine = nullptr;

}  // namespace

const mh_rpc_endpoint* LocalService::find(std::string_view endpoint) const {
    auto* at = reinterpret_cast<const char*>(service->endpoints);
    uint32_t stride = service->stride ? service->stride : sizeof(mh_rpc_endpoint);
    for (uint32_t i = 0; at && i < service->n_endpoints; i++, at += stride) {
        auto* e = reinterpret_cast<const mh_rpc_endpoint*>(at);
        if (endpoint == e->name) return e;
    }
    return nullptr;
}

Engine::Engine(http::Engine& h, uint64_t seed, observe::Metrics* m)
    : http(h), selector(seed), metrics(m, h.loop.index()), names(h.loop) {}

Engine::~Engine() {
    if (current_engine == this) current_engine = nullptr;
}

Engine* Engine::current() { return current_engine; }

void Engine::adopt_thread() {
    current_engine = this;
    // The control thread's views are the table's own, if there is one.
    if (!RegistryDesk::current()) desk_.adopt_thread();
}

std::shared_ptr<const registry::Snapshot> Engine::adopt(
    std::shared_ptr<const registry::Snapshot> s) {
    upstreams_
        .clear();  // a node keeps its slot when its metadata changes, and with it how it is reached
    last_nodes_ = nullptr;
    selector.adopt(*s);
    return desk_.adopt(std::move(s));
}

const LocalService* Engine::local(std::string_view name) const {
    for (const LocalService& s : local_)
        if (s.name == name) return &s;
    return nullptr;
}

// What was on the stack in one turn, or in a handler of Asio behind it, is not in the next.
void Engine::wake_resting() {
    if (resting_.empty() || resting_since_ == http.loop.turn_stamp()) return;
    free_.insert(free_.end(), resting_.begin(), resting_.end());
    resting_.clear();
}

Call* Engine::take() {
    wake_resting();
    if (free_.empty()) {
        all_.push_back(http.slabs.make<Call>(*this));
        free_.reserve(all_.size());
        resting_.reserve(all_.size());
        return all_.back().get();
    }
    Call* c = free_.back();
    free_.pop_back();
    if (!free_.empty()) prefetch(free_.back(), kCallBytes);
    return c;
}

void Engine::recycle(Call* c) {
    wake_resting();
    resting_since_ = http.loop.turn_stamp();
    resting_.push_back(c);
}

Text& Engine::lend_fields(Call& c) {
    if (fields_of_) fields_of_->keep_fields();
    fields_of_ = &c;
    return fields_text_;
}

void Engine::say_unresolved(std::string_view address, std::string_view reason) {
    const uint64_t now = http.loop.now_ms();
    if (said_ms_ && now - said_ms_ < 10'000) return;
    said_ms_ = now;
    http.log.warn("a node cannot be reached: its name is not resolved",
                  {{"address", address}, {"reason", reason}});
}

}  // namespace microhost::rpc
