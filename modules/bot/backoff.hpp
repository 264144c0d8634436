// SPDX-License-Identifier: Apache-2.0
/// How long to wait before the next attempt to connect.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace microhost::bot {

/// Delays that grow, each drawn from nothing to the longest of its turn ("full jitter"): of many that lost the same server, few come
/// back in the same moment.
class Backoff {
  public:
    using ms = std::chrono::milliseconds;
    explicit Backoff(ms first = ms(500), ms last = ms(60'000)) : first_(first), last_(last) {}

    /// At least `floor`, for networks that say how long to stay away.
    ms next(ms floor = ms(0)) {
        const ms longest = std::min<ms>(last_, first_ * (1LL << std::min(turns_++, 16u)));
        return floor + ms(std::uniform_int_distribution<long long>(0, longest.count())(random_));
    }
    /// After a minute of health.
    void reset() { turns_ = 0; }

  private:
    ms first_, last_;
    unsigned turns_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace microhost::bot
