// SPDX-License-Identifier: Apache-2.0
/// What calls into one hook of one module cost on one loop: every call is counted, one in 64 is
/// timed.
#pragma once

#include "observe/cells.hpp"

#include <cstdint>
#include <ctime>

namespace microhost::observe {

/// [owner loop] `const auto t = cost.begin(); hook(...); cost.end(t);` Calls may nest. A clock read
/// is as dear as a whole small filter; so after the first 64 calls, which are all timed (a hook
/// that is called at start only is measured exactly), the distance to the next timed call is random
/// with a mean of 64: a fixed one would beat with requests that alternate.
class ModuleCost {
  public:
    static constexpr std::uint8_t kPeriod = 64;

    /// Counts nothing.
    ModuleCost() = default;
    /// Of names::kModuleCalls and names::kModuleSeconds.
    ModuleCost(Counter calls, Counter nanoseconds) : calls_(calls), nanoseconds_(nanoseconds) {}

    /// 0: this call is not timed.
    std::uint64_t begin() noexcept {
        if (!calls_) return 0;
        calls_.add();
        return --until_ == 0 ? start_timing() : 0;
    }
    /// One more call, measured by the caller: blocking work has no loop while it runs.
    void add(std::uint64_t nanoseconds) noexcept {
        calls_.add();
        nanoseconds_.add(nanoseconds);
    }
    static std::uint64_t clock_ns() noexcept { return now_ns(); }
    void end(std::uint64_t started) noexcept {
        if (started != 0) nanoseconds_.add((now_ns() - started) * weight_);
    }

  private:
    static std::uint64_t now_ns() noexcept {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
               static_cast<std::uint64_t>(now.tv_nsec);
    }

    std::uint64_t start_timing() noexcept {
        if (exact_ != 0) {
            until_ = --exact_ != 0 ? std::uint8_t{1} : distance();
        } else {
            weight_ = kPeriod;
            until_ = distance();
        }
        return now_ns();
    }

    /// 1 to 127, mean 64.
    std::uint8_t distance() noexcept {
        do {
            random_ ^= random_ << 13;
            random_ ^= random_ >> 17;
            random_ ^= random_ << 5;
        } while ((random_ & 127) == 0);
        return static_cast<std::uint8_t>(random_ & 127);
    }

    Counter calls_, nanoseconds_;
    std::uint32_t random_ = 0x9e3779b9;
    std::uint8_t until_ = 1;
    std::uint8_t exact_ = kPeriod;
    std::uint8_t weight_ = 1;
};

}  // namespace microhost::observe
