// SPDX-License-Identifier: Apache-2.0
/// Active health checks of the nodes that ask for one in their metadata. Control thread only.
#pragma once

#include "registry/table.hpp"
#include "result.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace microhost::registry {

/// What a node asks for: metadata "health_check" ("tcp", "http:/path") and "health_interval" ("10s",
/// "500ms", "2m"; a bare number is seconds; 1 s to 1 h, default 10 s).
struct HealthSpec {
    enum class Kind : unsigned char { tcp, http } kind = Kind::tcp;
    std::string path;  // of http; a 2xx answer is a success
    std::chrono::milliseconds interval{10'000};
    bool operator==(const HealthSpec&) const = default;
};

/// Nothing where the node asks for no check. Errors: a value that is none of the above.
Result<std::optional<HealthSpec>> health_spec(const Metadata& metadata);

/// Up until `fall` failures in a row, down until `rise` successes in a row.
class HealthState {
  public:
    explicit HealthState(uint32_t rise = 2, uint32_t fall = 3) : rise_(rise), fall_(fall) {}
    /// True if this result changed up().
    bool result(bool success) noexcept;
    [[nodiscard]] bool up() const noexcept { return up_; }

  private:
    uint32_t rise_;
    uint32_t fall_;
    uint32_t against_ = 0;  // results in a row that contradict up_
    bool up_ = true;
};

/// Keeps the checks in step with the table, and the table with their results. Does no I/O and owns no
/// timer: call tick() when the time that it returned has come, or after a change of the table.
class HealthChecks {
  public:
    struct Target {
        std::string service;
        std::string node_id;
        Address address;  // maybe not resolved
        HealthSpec spec;
    };
    using Done = std::function<void(bool success)>;
    /// Starts one probe. It calls `done` once, soon or later, on this thread; a probe that has not
    /// answered when the next one is due has failed, and its answer is then ignored.
    using Probe = std::function<void(const Target&, Done done)>;
    using Warn = std::function<void(std::string_view)>;

    HealthChecks(Table& table, Probe probe, Warn warn);
    ~HealthChecks();
    HealthChecks(const HealthChecks&) = delete;
    HealthChecks& operator=(const HealthChecks&) = delete;

    /// Starts the probes that are due, at most 64 at a time. Returns when to call again; TimePoint::max
    /// where no node wants a check.
    TimePoint tick(TimePoint now);
    [[nodiscard]] size_t size() const noexcept { return checks_.size(); }

  private:
    struct Check;
    using Key = std::pair<std::string, std::string>;  // service, node id

    void update(std::shared_ptr<const Snapshot> now);
    void add(const ServiceNodes& service, const LiveNode& node,
             std::map<Key, std::unique_ptr<Check>>& kept);
    void start(Check& check, TimePoint now);
    void finish(const Key& key, uint64_t round, bool success);
    void apply(Check& check, bool success);

    Table& table_;
    Probe probe_;
    Warn warn_;
    std::shared_ptr<void> alive_;
    std::map<Key, std::unique_ptr<Check>> checks_;
    std::map<Key, std::string> warned_;     // the metadata that was complained about
    std::shared_ptr<const Snapshot> seen_;  // null: none
    uint64_t round_ = 0;
};

}  // namespace microhost::registry
