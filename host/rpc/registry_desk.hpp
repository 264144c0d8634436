// SPDX-License-Identifier: Apache-2.0
/// One thread's present snapshot of the registry, the snapshots that modules keep there, and who watches.
#pragma once

#include <microhost/draft/registry.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "registry/snapshot.hpp"

namespace microhost::module {
struct HostSide;
}

namespace microhost::rpc {

/// Thread: the one that adopted it.
class RegistryDesk {
  public:
    using SnapshotPtr = std::shared_ptr<const registry::Snapshot>;
    using Fn = void (*)(void* user, const mh_registry_view* v);

    RegistryDesk();
    ~RegistryDesk();
    RegistryDesk(const RegistryDesk&) = delete;
    RegistryDesk& operator=(const RegistryDesk&) = delete;

    /// The calling thread's, or null.
    static RegistryDesk* current();
    void adopt_thread();

    const registry::Snapshot& snapshot() const { return *snapshot_; }
    /// Takes a new snapshot, tells the watchers, and hands the old one back.
    SnapshotPtr adopt(SnapshotPtr s);

    static const mh_registry_view* view_of(const registry::Snapshot& s) {
        return reinterpret_cast<const mh_registry_view*>(&s);
    }
    static const registry::Snapshot& of(const mh_registry_view* v) {
        return *reinterpret_cast<const registry::Snapshot*>(v);
    }
    /// Null for a view that is neither the present one nor kept already.
    const mh_registry_view* retain(const mh_registry_view* v);
    void release(const mh_registry_view* v);
    size_t retained() const { return kept_.size(); }

    /// Calls fn now and after each adopt(). `side` may be null; else the watch ends with the module's shard.
    mh_token watch(module::HostSide* side, Fn fn, void* user);
    mh_status unwatch(mh_token t);
    /// Ends all watches of a module.
    void end(const module::HostSide& side);

  private:
    struct Kept {
        SnapshotPtr snapshot;
        uint32_t count;
    };
    struct Watch {
        mh_token token;
        module::HostSide* side;
        Fn fn;  // null: ended
        void* user;
    };
    void tell(size_t at);
    void sweep();

    SnapshotPtr snapshot_;
    std::vector<Kept> kept_;
    std::vector<Watch> watches_;
    uint64_t tokens_ = 0;
    unsigned telling_ = 0;
};

}  // namespace microhost::rpc
