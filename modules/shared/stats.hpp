// SPDX-License-Identifier: Apache-2.0
/// Counts of answers by status in windows of five seconds, per loop without locks, summed for /stats.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace microhost::shared {

inline constexpr uint64_t kWindowNs = 5'000'000'000;
inline constexpr size_t kWindows = 24;

/// One loop's windows. Only that loop writes; any may read, and may then see a window that is just being renewed.
class LoopStats {
  public:
    void count(uint32_t status, uint64_t now_ns);
    /// Number of answers with `status` in a window, by its index since the clock's start.
    uint32_t read(uint64_t window, uint32_t status) const;

  private:
    static constexpr size_t kCodes = 600;
    struct Window {
        std::atomic<uint64_t> index{0};
        std::array<std::atomic<uint32_t>, kCodes> codes{};
    };
    // One more than are shown: the oldest may be renewed while it is read.
    std::array<Window, kWindows + 1> windows_;
};

class StatsBoard {
  public:
    static constexpr size_t kMaxLoops = 256;

    StatsBoard();
    ~StatsBoard();
    StatsBoard(const StatsBoard&) = delete;
    StatsBoard& operator=(const StatsBoard&) = delete;

    /// The windows of a loop, made at the first call, on that loop. Null over kMaxLoops. They live as long as the board, since
    /// other loops read them.
    LoopStats* of_loop(uint32_t loop);
    /// The page: {"started","uptime","counters":[{"timestamp","status_codes","codes","total_reqs"}]}, oldest window first.
    std::string json(uint64_t now_ns) const;

  private:
    std::array<std::atomic<LoopStats*>, kMaxLoops> loops_{};
    int64_t started_unix_;
    uint64_t started_ns_;  ///< CLOCK_MONOTONIC
};

}  // namespace microhost::shared
