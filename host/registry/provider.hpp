// SPDX-License-Identifier: Apache-2.0
/// One provider of services as the host keeps it: what it says now, what it said last, and whether to believe that still holds.
/// It outlives the reloads of the module that tells. Control thread only.
#pragma once

#include "registry/last_known.hpp"
#include "registry/table.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::registry {

struct ProviderOptions {
    std::string name;
    int priority = 0;
    std::string state_dir;                 // empty: nothing is kept on disk
    std::chrono::milliseconds wait{5000};  // for synced(), then the process goes on without
    std::function<void(std::string_view)> warn, info;
    /// A node that this process announces itself is not written down: it would outlive us. May be empty.
    std::function<bool(std::string_view node_id)> own;
    std::function<TimePoint()> clock = std::chrono::steady_clock::now;
};

enum class ProviderState : uint8_t {
    waiting,  // has not told all that it knows; what is there is from the file, or of the generation before
    synced,
    stale,   // its source cannot be reached; what it said last stays
    failed,  // could not be started
};
std::string_view state_name(ProviderState state);

/// For readiness, metrics and listings.
struct ProviderRow {
    std::string name;
    int priority = 0;
    ProviderState state = ProviderState::waiting;
    bool waited = false;             // the process does not wait for it (any more)
    size_t services = 0, nodes = 0;  // filled in by whoever counts all providers at once
    std::string text;                // what is wrong, and what is used meanwhile; empty: nothing
    std::string last_trouble;  // what the source said last that was wrong, also when it is over
};

class Provider {
  public:
    static constexpr std::chrono::seconds kWriteEvery{10};

    Provider(Table& table, ProviderOptions options);
    /// Its nodes go.
    ~Provider();
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    /// A generation is about to tell everything: the first one, or one that replaces another, whose nodes stay until
    /// synced(). `hurried`: nobody waits for it.
    void begin(int priority, bool hurried);
    void failed(std::string_view why);

    // ---- what it tells

    void upsert(const Service& service, std::chrono::seconds ttl);
    void remove(std::string_view name, std::string_view version, std::string_view node_id);
    void synced();
    /// `text` empty: it is over.
    void trouble(std::string_view text);

    /// Forgets, gives up waiting and writes the file where it is time. Call it every second or so.
    void tick();
    /// Writes what is not written yet: the process stops.
    void save();

    [[nodiscard]] const std::string& name() const { return options_.name; }
    /// The process does not wait for it (any more).
    [[nodiscard]] bool settled() const { return settled_; }
    /// When tick() ends the wait; TimePoint::max(): nobody waits.
    [[nodiscard]] TimePoint waits_until() const;
    [[nodiscard]] ProviderRow row() const;

  private:
    void recall();
    void give_up();
    void settle();
    [[nodiscard]] std::string explain() const;

    ProviderOptions options_;
    LastKnown file_;
    Table& table_;
    Feed feed_;
    ProviderState state_ = ProviderState::waiting;
    bool begun_ = false;    // some generation of it has begun
    bool told_ = false;     // some generation of it has synced
    bool waited_ = false;   // this one did not sync in time
    bool settled_ = false;  // the process does not wait for it
    bool changed_ = false;  // since the file was written
    TimePoint deadline_{};  // of the wait
    TimePoint write_at_{};  // not before
    std::string recalled_;  // when the file was written that is in use; empty: none is
    std::string trouble_, last_trouble_;
    std::string write_error_;  // said already
};

}  // namespace microhost::registry
