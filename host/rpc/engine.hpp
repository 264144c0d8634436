// SPDX-License-Identifier: Apache-2.0
/// What calls need once per loop: the registry's snapshot, the selector, the services of this process.
#pragma once

#include <microhost/draft/rpc_service.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/engine.hpp"
#include "registry/selector.hpp"
#include "registry/snapshot.hpp"

namespace microhost::module {
class Generation;
}

namespace microhost::rpc {

class Call;

/// A service that a module of this process offers, as one loop sees it.
struct LocalService {
    const mh_rpc_service* service = nullptr;
    module::Generation* generation = nullptr;
    void* shard = nullptr;
    std::string name;

    const mh_rpc_endpoint* find(std::string_view endpoint) const;
};

class Engine {
  public:
    Engine(http::Engine& http, uint64_t seed);
    ~Engine();
    Engine(const Engine&) = delete;

    static Engine* current();
    void adopt_thread();

    /// Takes a new snapshot and hands the old one back: a large one is not freed on a request's time.
    std::shared_ptr<const registry::Snapshot> adopt(std::shared_ptr<const registry::Snapshot> s);
    const registry::Snapshot& snapshot() const { return *snapshot_; }
    void set_local(std::vector<LocalService> services) { local_ = std::move(services); }
    const LocalService* local(std::string_view name) const;
    registry::TimePoint now() const {
        return registry::TimePoint(std::chrono::nanoseconds(http.loop.now_ns()));
    }

    Call* take();
    void recycle(Call* c);
    uint64_t next_id() { return ++id_; }

    http::Engine& http;
    registry::Selector selector;

  private:
    std::shared_ptr<const registry::Snapshot> snapshot_;
    std::vector<LocalService> local_;
    std::vector<std::unique_ptr<Call>> free_;
    uint64_t id_ = 0;
};

}  // namespace microhost::rpc
