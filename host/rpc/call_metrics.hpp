// SPDX-License-Identifier: Apache-2.0
/// Counters of calls on one loop, by service and outcome.
#pragma once

#include <microhost/base.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "observe/metrics.hpp"

namespace microhost::rpc {

class CallMetrics {
  public:
    /// The handles of one service; lives as long as the CallMetrics.
    class Meter {
      public:
        void count(mh_status s, uint64_t duration_ns);
        /// A stream begins (1) or ends (-1).
        void count_stream(int64_t change);

      private:
        friend class CallMetrics;
        static constexpr size_t kOutcomes = 8;
        CallMetrics* owner_ = nullptr;
        std::string service_;
        observe::Histogram duration_;
        observe::Gauge streams_;
        bool streams_bound_ = false;
        std::array<observe::Counter, kOutcomes> counters_;
        std::array<bool, kOutcomes> bound_{};
    };

    /// Null: nothing is counted.
    CallMetrics(observe::Metrics* metrics, unsigned loop) : metrics_(metrics), loop_(loop) {}
    CallMetrics(const CallMetrics&) = delete;
    CallMetrics& operator=(const CallMetrics&) = delete;

    /// Null when nothing is counted. Allocates for a name that was not seen before: only names that exist are passed.
    Meter* of(std::string_view service);

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    observe::Metrics* metrics_;
    unsigned loop_;
    std::unordered_map<std::string, std::unique_ptr<Meter>, Hash, std::equal_to<>> meters_;
    Meter* last_ = nullptr;
};

}  // namespace microhost::rpc
