// SPDX-License-Identifier: Apache-2.0
/// What the registry knew at one moment. Immutable, so every thread reads it without a lock.
#pragma once

#include "registry/address.hpp"
#include "registry/model.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry {

using TimePoint = std::chrono::steady_clock::time_point;

inline constexpr uint32_t kNoSlot = UINT32_MAX;

/// A node as a request needs it. `slot` is a small number that stays the node's own as long as
/// service, id and address stay the same, so that a loop keeps counters in an array; a slot is
/// given away again under another `generation`.
struct LiveNode {
    uint32_t slot = kNoSlot;
    uint32_t generation = 0;
    uint32_t version = 0;  // index into ServiceNodes::versions
    Protocol protocol = Protocol::legacy;
    bool healthy = true;  // false: its active health check failed
    Address address;
    Node node;
};

/// All versions and nodes of one service name.
struct ServiceNodes {
    std::string name;
    uint32_t slot = kNoSlot;        // of the service: for the per-loop round-robin position
    std::vector<Service> versions;  // sorted by version, their nodes by id
    std::vector<LiveNode> nodes;    // flat; first those that take calls, then broker nodes
    size_t callable_count = 0;
    bool all_healthy = true;  // of the callable ones
    /// What Table::decorate() made for this service: forms that other folders prepare once.
    std::shared_ptr<const void> prepared;

    [[nodiscard]] std::span<const LiveNode> callable() const noexcept {
        return {nodes.data(), callable_count};
    }
    /// The schema of an endpoint; of any version where `version` is empty (the highest wins).
    [[nodiscard]] const Endpoint* endpoint(std::string_view endpoint_name,
                                           std::string_view version = {}) const noexcept;
};

/// A name whose last node went away, and until when it counts as "no live node" (503) and not as
/// "unknown" (404).
struct Vanished {
    std::string name;
    TimePoint until;
};

/// One version of one service: what a listing shows as one line.
struct Entry {
    const ServiceNodes* service;
    uint32_t version;  // index into service->versions
};

class Snapshot {
  public:
    using Services = std::vector<std::shared_ptr<const ServiceNodes>>;

    Snapshot() = default;
    /// `services` and `vanished` sorted by name, no name twice. `slots`: all slots are below it.
    Snapshot(Services services, std::vector<Vanished> vanished, uint32_t slots, uint64_t revision,
             bool complete);

    /// Null where no provider knows the name. No allocation, no lock. Lives as long as the snapshot.
    [[nodiscard]] const ServiceNodes* find(std::string_view name) const noexcept;
    /// True where find() is null, but the name was there less than ten minutes ago.
    [[nodiscard]] bool vanished(std::string_view name, TimePoint now) const noexcept;
    /// The known name that somebody who wrote `name` probably meant, or "". For error texts only.
    [[nodiscard]] std::string_view nearest(std::string_view name) const;

    [[nodiscard]] std::span<const std::shared_ptr<const ServiceNodes>> services() const noexcept {
        return services_;
    }
    /// All versions of all services, sorted by name and version.
    [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }
    [[nodiscard]] std::span<const Vanished> vanished_names() const noexcept { return vanished_; }
    [[nodiscard]] uint32_t slots() const noexcept { return slots_; }
    [[nodiscard]] uint64_t revision() const noexcept { return revision_; }
    /// False until every provider has told all that it has.
    [[nodiscard]] bool complete() const noexcept { return complete_; }

  private:
    struct Bucket {
        size_t hash = 0;
        uint32_t row = 0;  // 0: empty; else 1 + index of a service, then of a vanished name
    };
    [[nodiscard]] uint32_t row_of(std::string_view name) const noexcept;
    [[nodiscard]] std::string_view name_of(uint32_t row) const noexcept;

    Services services_;
    std::vector<Entry> entries_;
    std::vector<Vanished> vanished_;
    std::vector<Bucket> buckets_;  // open addressing, a power of two, at most half full
    uint32_t slots_ = 0;
    uint64_t revision_ = 0;
    bool complete_ = false;
};

}  // namespace microhost::registry
