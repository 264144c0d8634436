// SPDX-License-Identifier: Apache-2.0
/// Rate limits that are exact over all loops: GCRA (ITU-T I.371) on a fixed table, one compare-and-swap a request.
#pragma once

#include <microhost/draft/limit.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "module/siphash.hpp"

namespace microhost::module {

/// One named set of keys. A key that is known is served without a lock. A key that is new takes the lock of its two buckets
/// for a few stores: two loops must not both make room for the same key. Times are nanoseconds of CLOCK_MONOTONIC, given by
/// the caller. Thread: any.
class RateSet {
  public:
    explicit RateSet(uint32_t max_keys);

    /// MH_E_LIMIT when there is no room for a new key, MH_E_INVALID for an impossible rule.
    mh_status take(std::string_view key, const mh_limit_rule& rule, uint32_t cost, uint64_t now_ns,
                   mh_limit_answer& out);
    uint32_t size() const { return used_.load(std::memory_order_relaxed); }

  private:
    /// A key's theoretical arrival time. The word of state says whose it is at the same moment; see the source.
    struct Entry {
        std::atomic<uint64_t> key{0};  // its hash; 0: nobody's
        std::atomic<uint64_t> state{0};
    };
    static constexpr size_t kWays = 7;
    struct alignas(128) Bucket {
        std::array<Entry, kWays> entries;
        std::atomic<uint32_t> lock{0};
    };
    struct Request;

    Entry* find(uint64_t hash, uint64_t& state);
    mh_status insert(uint64_t hash, Request& r);
    void sweep(uint64_t now);
    bool reclaim(Entry& e, uint64_t now, uint64_t new_key, uint64_t new_time);
    std::array<Bucket*, 2> buckets_of(uint64_t hash);

    /// Zero pages of the system: a bucket that no key ever chose takes no memory, and none has to be written at the start.
    class Buckets {
      public:
        /// Throws std::bad_alloc.
        explicit Buckets(size_t n);
        ~Buckets();
        Buckets(const Buckets&) = delete;
        size_t size() const { return n_; }
        Bucket& operator[](size_t i) { return first_[i]; }
        Bucket* begin() { return first_; }
        Bucket* end() { return first_ + n_; }

      private:
        Bucket* first_;
        size_t n_;
    };

    const SipKey key_ = random_sip_key();
    const uint32_t max_keys_;
    Buckets buckets_;
    std::atomic<uint32_t> used_{0};
    std::atomic<uint64_t> full_until_{0};
};

/// The sets of the process; they survive the reload of their modules. One object per process at a time: handles find it.
class RateLimits {
  public:
    static constexpr size_t kMostSets = 4096;

    RateLimits();
    ~RateLimits();

    /// The same owner and name answers the same handle. 0 when there are too many sets. Thread: main.
    uint64_t open(std::string_view owner, std::string_view name, uint32_t max_keys);
    /// Null for a handle that was never handed out. Thread: any.
    static RateSet* find(uint64_t handle);

  private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, uint64_t> handles_;
    std::array<std::atomic<RateSet*>, kMostSets> sets_{};
    std::vector<std::unique_ptr<RateSet>> owned_;
};

}  // namespace microhost::module
