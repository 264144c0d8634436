// SPDX-License-Identifier: Apache-2.0
#include "module/rate_limit.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>
#include <thread>
#include <type_traits>

namespace microhost::module {
namespace {

// The state of an entry: times it changed hands (8 bits), 1 while it does, and its theoretical arrival time in ticks of
// 16 ns (55 bits: 18 years). So one compare-and-swap both adds to the time and proves that the entry is still this key's.
constexpr unsigned kTickShift = 4;
constexpr uint64_t kTimeMask = (uint64_t{1} << 55) - 1;
constexpr uint64_t kChanging = uint64_t{1} << 55;
constexpr uint64_t kOneHand = uint64_t{1} << 56;
constexpr uint64_t kTicksPerMs = 1'000'000 >> kTickShift;
constexpr uint32_t kDefaultKeys = 65536, kMostKeys = 1u << 22;
constexpr uint64_t kMostPeriodMs = uint64_t{366} * 24 * 3600 * 1000;
constexpr uint64_t kRestAfterFull = 10 * kTicksPerMs;

std::atomic<RateLimits*> current_limits{nullptr};

uint64_t time_of(uint64_t state) { return state & kTimeMask; }

/// Holds one or two buckets, in the order of their addresses. Held for a few stores, so waiting is spinning.
class Held {
  public:
    Held(std::atomic<uint32_t>& a, std::atomic<uint32_t>& b)
        : first_(&a < &b ? &a : &b), second_(&a == &b ? nullptr : (&a < &b ? &b : &a)) {
        acquire(*first_);
        if (second_) acquire(*second_);
    }
    ~Held() {
        if (second_) second_->store(0, std::memory_order_release);
        first_->store(0, std::memory_order_release);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    static void acquire(std::atomic<uint32_t>& lock) {
        while (lock.exchange(1, std::memory_order_acquire)) std::this_thread::yield();
    }
    std::atomic<uint32_t>*first_, *second_;
};

}  // namespace

/// The arithmetic of one take, in ticks.
struct RateSet::Request {
    uint64_t now, cost_time, burst_time, one_time;
    mh_limit_answer& out;

    /// The new arrival time, or nothing when the budget does not reach. Fills in the answer.
    bool decide(uint64_t arrival, uint64_t& next) const {
        const uint64_t from = std::max(arrival, now);
        next = from + cost_time;
        const uint64_t ahead = next - now;
        if (ahead <= burst_time) {
            out.allowed = 1;
            out.retry_after_ms = 0;
            out.remaining = (burst_time - ahead) / one_time;
            return true;
        }
        out.allowed = 0;
        out.retry_after_ms = cost_time > burst_time
                                 ? UINT64_MAX
                                 : (ahead - burst_time + kTicksPerMs - 1) / kTicksPerMs;
        out.remaining = from - now >= burst_time ? 0 : (burst_time - (from - now)) / one_time;
        return false;
    }
};

RateSet::Buckets::Buckets(size_t n) : n_(n) {
    // All bytes zero is what a bucket is made as.
    static_assert(std::is_trivially_destructible_v<Bucket>);
    void* pages = ::mmap(nullptr, n * sizeof(Bucket), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    first_ = static_cast<Bucket*>(pages);
}

RateSet::Buckets::~Buckets() { ::munmap(first_, n_ * sizeof(Bucket)); }

RateSet::RateSet(uint32_t max_keys)
    : max_keys_(std::min(max_keys ? max_keys : kDefaultKeys, kMostKeys)),
      // Twice the room, and two buckets to choose from: neither is ever full before the set is.
      buckets_(std::bit_ceil(max_keys_ * 2 / kWays + 2)) {}

std::array<RateSet::Bucket*, 2> RateSet::buckets_of(uint64_t hash) {
    const uint64_t mask = buckets_.size() - 1;
    return {&buckets_[hash & mask], &buckets_[(hash >> 32) & mask]};
}

RateSet::Entry* RateSet::find(uint64_t hash, uint64_t& state) {
    for (Bucket* b : buckets_of(hash)) {
        for (Entry& e : b->entries) {
            if (e.key.load(std::memory_order_relaxed) != hash) continue;
            state = e.state.load(std::memory_order_acquire);
            // Read the name after the state: it is the name of this state or of a later one, and then the swap fails.
            if (!(state & kChanging) && e.key.load(std::memory_order_relaxed) == hash) return &e;
        }
    }
    return nullptr;
}

mh_status RateSet::take(std::string_view key, const mh_limit_rule& rule, uint32_t cost,
                        uint64_t now_ns, mh_limit_answer& out) {
    if (rule.count == 0 || rule.burst == 0 || rule.period_ms == 0 || rule.period_ms > kMostPeriodMs)
        return MH_E_INVALID;
    __extension__ using Wide = unsigned __int128;
    const Wide period = Wide{rule.period_ms} * kTicksPerMs;
    auto time_for = [&](uint64_t n) {
        return static_cast<uint64_t>(std::min<Wide>(period * n / rule.count, kTimeMask >> 4));
    };
    Request r{now_ns >> kTickShift, time_for(cost), time_for(rule.burst),
              std::max<uint64_t>(time_for(1), 1), out};
    uint64_t hash = siphash(key_, key);
    if (hash == 0) hash = 1;
    while (true) {
        uint64_t state = 0, next = 0;
        Entry* e = find(hash, state);
        if (!e) break;
        if (!r.decide(time_of(state), next) || cost == 0) return MH_OK;
        if (e->state.compare_exchange_strong(state, (state & ~kTimeMask) | (next & kTimeMask),
                                             std::memory_order_acq_rel))
            return MH_OK;
    }
    uint64_t next = 0;
    if (!r.decide(0, next) || cost == 0)
        return MH_OK;  // a key without history needs no room for that
    return insert(hash, r);
}

mh_status RateSet::insert(uint64_t hash, Request& r) {
    if (used_.load(std::memory_order_relaxed) >= max_keys_ &&
        r.now >= full_until_.load(std::memory_order_relaxed))
        sweep(r.now);
    const auto buckets = buckets_of(hash);
    Held held(buckets[0]->lock, buckets[1]->lock);
    uint64_t state = 0, next = 0;
    // Under the locks nobody else makes room here, so what is not found now is not there.
    while (Entry* e = find(hash, state)) {
        if (!r.decide(time_of(state), next)) return MH_OK;
        if (e->state.compare_exchange_strong(state, (state & ~kTimeMask) | (next & kTimeMask),
                                             std::memory_order_acq_rel))
            return MH_OK;
    }
    r.decide(0, next);
    for (Bucket* b : buckets)
        for (Entry& e : b->entries)
            if (e.key.load(std::memory_order_relaxed) != 0 && reclaim(e, r.now, hash, next))
                return MH_OK;
    if (used_.fetch_add(1, std::memory_order_relaxed) < max_keys_)
        for (size_t i = 0; i < kWays; i++)  // by turns, so that both fill alike
            for (Bucket* b : buckets)
                if (Entry& e = b->entries[i];
                    e.key.load(std::memory_order_relaxed) == 0 && reclaim(e, r.now, hash, next))
                    return MH_OK;
    used_.fetch_sub(1, std::memory_order_relaxed);
    return MH_E_LIMIT;
}

/// Gives an entry whose time has passed (its budget is full: forgetting it changes nothing) to another key. Under its lock.
bool RateSet::reclaim(Entry& e, uint64_t now, uint64_t new_key, uint64_t new_time) {
    uint64_t state = e.state.load(std::memory_order_acquire);
    if (time_of(state) > now) return false;
    const uint64_t hands = (state & ~(kTimeMask | kChanging)) + kOneHand;
    if (!e.state.compare_exchange_strong(state, hands | kChanging, std::memory_order_acq_rel))
        return false;
    e.key.store(new_key, std::memory_order_relaxed);
    e.state.store(hands | (new_time & kTimeMask), std::memory_order_release);
    return true;
}

/// Forgets every key whose budget is full again. At most once in 10 ms while the set stays full.
void RateSet::sweep(uint64_t now) {
    full_until_.store(now + kRestAfterFull, std::memory_order_relaxed);
    uint32_t freed = 0;
    for (Bucket& b : buckets_) {
        Held held(b.lock, b.lock);
        for (Entry& e : b.entries)
            if (e.key.load(std::memory_order_relaxed) != 0 && reclaim(e, now, 0, 0)) freed++;
    }
    used_.fetch_sub(freed, std::memory_order_relaxed);
}

RateLimits::RateLimits() { current_limits.store(this, std::memory_order_release); }

RateLimits::~RateLimits() {
    RateLimits* self = this;
    current_limits.compare_exchange_strong(self, nullptr);
}

uint64_t RateLimits::open(std::string_view owner, std::string_view name, uint32_t max_keys) {
    std::scoped_lock lock(mutex_);
    std::pair<std::string, std::string> key(owner, name);
    if (auto it = handles_.find(key); it != handles_.end()) return it->second;
    if (owned_.size() == kMostSets) return 0;
    owned_.push_back(std::make_unique<RateSet>(max_keys));
    sets_[owned_.size() - 1].store(owned_.back().get(), std::memory_order_release);
    return handles_[key] = owned_.size();
}

RateSet* RateLimits::find(uint64_t handle) {
    RateLimits* limits = current_limits.load(std::memory_order_acquire);
    if (!limits || handle == 0 || handle > kMostSets) return nullptr;
    return limits->sets_[handle - 1].load(std::memory_order_acquire);
}

}  // namespace microhost::module
