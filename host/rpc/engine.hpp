// SPDX-License-Identifier: Apache-2.0
/// What calls need once per loop: the registry's snapshot, the selector, the services of this process.
#pragma once

#include <microhost/draft/rpc_service.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/engine.hpp"
#include "http/names.hpp"
#include "registry/selector.hpp"
#include "registry/snapshot.hpp"
#include "rpc/call_metrics.hpp"
#include "rpc/names.hpp"
#include "rpc/registry_desk.hpp"
#include "rpc/text.hpp"

namespace microhost::module {
class Generation;
}
namespace microhost::net {
class TlsClientContext;
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
    /// `metrics` null: calls are not counted.
    Engine(http::Engine& http, uint64_t seed, observe::Metrics* metrics = nullptr);
    /// Ends what is under way without callbacks.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    static Engine* current();
    void adopt_thread();

    /// Takes a new snapshot, tells who watches, and hands the old one back: a large one is not freed on a request's time.
    std::shared_ptr<const registry::Snapshot> adopt(std::shared_ptr<const registry::Snapshot> s);
    const registry::Snapshot& snapshot() const { return desk_.snapshot(); }
    /// Of a service name in the snapshot; null where nobody knows it. The one that was asked for last needs no look-up.
    const registry::ServiceNodes* nodes_of(std::string_view service) {
        if (!last_nodes_ || !http::same(last_nodes_->name, service))
            last_nodes_ = snapshot().find(service);
        return last_nodes_;
    }
    void set_local(std::vector<LocalService> services) { local_ = std::move(services); }
    const LocalService* local(std::string_view name) const;
    const std::vector<LocalService>& locals() const { return local_; }
    registry::TimePoint now() const {
        return registry::TimePoint(std::chrono::nanoseconds(http.loop.now_ns()));
    }

    /// A call object. It lives as long as the engine; recycle() makes it usable again from the next turn of the loop on.
    Call* take();
    void recycle(Call* c);
    uint64_t next_id() { return ++id_; }
    /// The connections to a node, looked up by its slot: upstreams live as long as the engine, and a slot that is given
    /// away again has another generation.
    http::Upstream* known_upstream(const registry::LiveNode& n) const {
        bool known = n.slot < upstreams_.size() && upstreams_[n.slot].generation == n.generation;
        return known ? upstreams_[n.slot].upstream : nullptr;
    }
    void remember_upstream(const registry::LiveNode& n, http::Upstream& u) {
        if (n.slot >= upstreams_.size()) upstreams_.resize(n.slot + 16);
        upstreams_[n.slot] = {n.generation, &u};
    }
    /// Where the call writes the fields of its head, hot in the cache: they stay until another call needs the place, and the one
    /// before has to keep_fields().
    Text& lend_fields(Call& c);
    bool has_fields_of(const Call& c) const { return fields_of_ == &c; }
    void take_fields_back() { fields_of_ = nullptr; }
    /// A line, at most one in ten seconds, that a node cannot be reached because its name is not resolved.
    void say_unresolved(std::string_view address, std::string_view reason);

    http::Engine& http;
    registry::Selector selector;
    CallMetrics metrics;
    Names names;
    const net::TlsClientContext* tls = nullptr;  // null: no TLS to upstreams
    Text request_text;                           // of the request that is being sent

  private:
    void wake_resting();

    Text fields_text_;
    Call* fields_of_ = nullptr;
    struct KnownUpstream {
        uint32_t generation = 0;
        http::Upstream* upstream = nullptr;
    };
    std::vector<KnownUpstream> upstreams_;
    RegistryDesk desk_;
    const registry::ServiceNodes* last_nodes_ = nullptr;
    std::vector<LocalService> local_;
    std::vector<Slabs::Owner<Call>> all_;
    std::vector<Call*> free_;
    std::vector<Call*>
        resting_;  // over since resting_since_: their methods may still be on the stack
    uint64_t resting_since_ = 0;  // the loop's turn_stamp()
    uint64_t id_ = 0;
    uint64_t said_ms_ = 0;
};

}  // namespace microhost::rpc
