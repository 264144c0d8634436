// SPDX-License-Identifier: Apache-2.0
/// Which node takes the next call. One selector per loop, so its counters need no lock.
#pragma once

#include "registry/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::registry {

enum class Strategy : unsigned char {
    // The node with fewest calls of this loop under way, of up to four nodes; of more, that of two random ones.
    least_loaded,
    round_robin,
    random,
};

/// Restricts a pick; empty restricts nothing. All views are lent for the call.
struct Filters {
    std::string_view version;
    std::span<const std::pair<std::string_view, std::string_view>> labels;  // node metadata, all
    uint32_t avoid = kNoSlot;  // the node that a first attempt failed on, if there is another
};

/// How a call to a node ended, as far as the node is to blame.
enum class Outcome : unsigned char {
    success,           // it answered, whatever it said
    connect_failed,    // refused, unreachable, connect deadline
    transport_failed,  // broken connection, no answer in time, 502/503/504 of its own transport
    cancelled,         // the caller went away: says nothing about the node
};

/// A chosen node. `node` lives as long as the snapshot; the rest may be kept until report().
struct Pick {
    const LiveNode* node = nullptr;  // null: no node fits
    uint32_t slot = kNoSlot;
    uint32_t generation = 0;
    explicit operator bool() const noexcept { return node != nullptr; }
};

struct SelectorLimits {
    uint32_t failures = 5;  // in a row, until a node is ejected; 0 ejects never
    std::chrono::milliseconds first_ejection{10'000};  // doubles each time
    std::chrono::milliseconds longest_ejection{300'000};
    uint32_t ejected_percent = 50;  // of a service's nodes, never more
};

/// What one loop knows of one node; survives snapshots while service, id and address stay.
struct NodeState {
    uint32_t generation = 0;
    uint32_t outstanding = 0;  // picks without their report
    uint32_t failures = 0;     // in a row
    uint32_t ejections = 0;    // that follow each other; doubles the time
    TimePoint ejected_until{};
    std::chrono::nanoseconds latency{0};  // moving average over about 8 answers; 0: none yet

    [[nodiscard]] bool ejected(TimePoint now) const noexcept { return now < ejected_until; }
};

class Selector {
  public:
    explicit Selector(uint64_t seed, SelectorLimits limits = {}) : limits_(limits), random_(seed) {}

    /// Makes room for the nodes of a snapshot, so that pick() need not allocate.
    void adopt(const Snapshot& snapshot);

    /// Chooses among the nodes that take calls. Passes over nodes that are ejected or failed their
    /// health check; if all that fit are such, one of them is chosen nevertheless. `now`: the loop's
    /// time of this turn. Every pick needs exactly one report().
    Pick pick(const ServiceNodes& service, TimePoint now, const Filters& filters = {},
              Strategy strategy = Strategy::least_loaded);

    /// Ends a pick. `service`: as in the present snapshot, null if it is gone; it bounds ejections.
    void report(const Pick& pick, const ServiceNodes* service, Outcome outcome,
                std::chrono::nanoseconds latency, TimePoint now);

    /// For metrics and tests; null for a node that this loop has not met.
    [[nodiscard]] const NodeState* state(const LiveNode& node) const noexcept;

  private:
    struct ServiceState {
        uint32_t turn = 0;          // round robin
        TimePoint ejected_until{};  // after it no node of the service is ejected
    };
    enum class Care : unsigned char { all, no_avoid, none };  // what `usable` insists on

    NodeState& state_of(const LiveNode& node);
    [[nodiscard]] uint32_t random_below(uint32_t limit) noexcept;
    [[nodiscard]] bool usable(const LiveNode& node, const ServiceNodes& service,
                              const Filters& filters, TimePoint now, Care care);
    uint32_t choose_fast(const ServiceNodes& service, uint32_t count, Strategy strategy);
    uint32_t least_loaded_of_few(const ServiceNodes& service, uint32_t count, uint32_t first);
    uint32_t choose_careful(const ServiceNodes& service, TimePoint now, const Filters& filters,
                            Strategy strategy, Care care);
    void fail(NodeState& state, const ServiceNodes* service, TimePoint now);
    [[nodiscard]] std::chrono::milliseconds ejection_time(uint32_t before) const noexcept;
    [[nodiscard]] bool may_eject(const ServiceNodes& service, TimePoint now);

    SelectorLimits limits_;
    uint64_t random_;
    std::vector<NodeState> nodes_;        // by slot
    std::vector<ServiceState> services_;  // by slot
};

}  // namespace microhost::registry
