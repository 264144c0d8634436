// SPDX-License-Identifier: Apache-2.0
/// Notices loops that do not turn although they have work: somebody blocks them.
#pragma once

#include <cstdint>
#include <vector>

#include "loop/loop.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {

/// Thread: main.
class Watchdog {
  public:
    static constexpr uint64_t kPeriodMs = 100;
    static constexpr uint64_t kLimitMs = 1000;

    Watchdog(Loop& control, std::vector<Loop*> loops, log::Domain log, observe::Metrics& metrics);

    /// Looks every 100 ms from now on.
    void start();
    void stop() { Wheel::disarm(tick_); }
    /// One look. A loop that has been in the same turn for more than a second is one line in the log and one in the
    /// counter, and one line when it turns again.
    void look(uint64_t now_ms);
    /// Milliseconds that a loop has not turned, 0 for one that is well; by loop.
    std::vector<uint64_t> stalled(uint64_t now_ms) const;
    /// How long the worst of all loops has been in one turn, also below the limit.
    uint64_t longest_stall(uint64_t now_ms) const;
    /// How many are stalled.
    size_t stalled_count() const;

  private:
    observe::Counter stalls_by(std::string_view module);
    struct Watched {
        Loop* loop;
        uint64_t turn = 0;      // as last seen
        uint64_t since_ms = 0;  // when it was first seen
        bool stalled = false;
    };
    Loop& control_;
    std::vector<Watched> loops_;
    log::Domain log_;
    observe::Metrics& metrics_;
    struct Tick : Timer {
        Watchdog* owner;
    } tick_;
};

}  // namespace microhost::control
