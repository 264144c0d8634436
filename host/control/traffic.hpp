// SPDX-License-Identifier: Apache-2.0
/// What passed through the process, in two rings: the last 5 minutes by the second, the last hour by ten seconds.
#pragma once

#include <microhost/draft/metrics_read.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "control/load.hpp"

namespace microhost::control {

using TrafficPoint = mh_traffic_point;

/// The last points of one line, up to as many as it may keep.
class TrafficSeries {
  public:
    explicit TrafficSeries(size_t most) : most_(most) {}
    void push(const TrafficPoint& p);
    size_t size() const { return points_.size(); }
    /// The i-th from the newest, which is 0.
    const TrafficPoint& back(size_t i) const;

  private:
    size_t most_, next_ = 0;  // once it is full: the oldest, which goes next
    std::vector<TrafficPoint> points_;
};

/// Thread: main.
class Traffic {
  public:
    static constexpr size_t kSeconds = 300, kTens = 360, kMostLines = 500;
    static constexpr uint64_t kForgetSeconds = 3600;
    static constexpr size_t kKinds = MH_TRAFFIC_UPSTREAM + 1;

    struct Key {
        int32_t kind;  ///< MH_TRAFFIC_*
        std::string name, detail;
        auto operator<=>(const Key&) const = default;
    };

    /// A second is over. `missed`: so many before it were not measured. `end_ms`: since 1970.
    void add(const Load& load, uint64_t missed, int64_t end_ms);

    /// fn(const Key&, std::span<const TrafficPoint>) for each line in the order of the keys, oldest point first; `most`: 0 is all.
    template <class F>
    void each(int32_t ring, size_t most, F&& fn) const {
        std::vector<TrafficPoint> points;
        for (const auto& [key, line] : lines_) {
            const TrafficSeries& series = ring == MH_RING_TENS ? line.tens : line.seconds;
            const size_t n = most ? std::min(most, series.size()) : series.size();
            points.clear();
            for (size_t i = n; i > 0; i--) points.push_back(series.back(i - 1));
            fn(key, std::span<const TrafficPoint>(points));
        }
    }
    /// When the newest point of that ring ended; 0: there is none.
    int64_t end_ms(int32_t ring) const { return ring == MH_RING_TENS ? tens_ms_ : seconds_ms_; }
    size_t lines() const { return lines_.size(); }

  private:
    struct Line {
        TrafficSeries seconds{kSeconds}, tens{kTens};
        TrafficPoint now{};
        uint64_t active_at = 0;
    };
    void put(Key key, const TrafficPoint& p, bool is_there);
    void put_all(const Load& load);
    void step(bool measured, int64_t end_ms);
    void forget();

    std::map<Key, Line> lines_;
    std::array<size_t, kKinds> counts_{};  // lines of each kind
    uint64_t seconds_ = 0;                 // since the first
    int64_t seconds_ms_ = 0, tens_ms_ = 0;
};

}  // namespace microhost::control
