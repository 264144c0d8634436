// SPDX-License-Identifier: Apache-2.0
/// Small shared state of modules; it belongs to the process and so survives a reload. What is durable is kept on disk as well
/// (kv_log.hpp).
#pragma once

#include <microhost/base.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "observe/log.hpp"

namespace microhost::module {

class KvLog;

/// Hears of each change while the key is locked, so those of one key come in their order. Thread: any.
class KvSink {
  public:
    virtual void on_set(std::string_view key, std::string_view value, uint64_t expires_ms) = 0;
    virtual void on_remove(std::string_view key) = 0;

  protected:
    ~KvSink() = default;
};

/// The keys of one module. Times are milliseconds of CLOCK_MONOTONIC, given by the caller. Thread: any; one short mutex
/// for each 32nd of the keys.
class KvNamespace {
  public:
    static constexpr size_t kLongestKey = 512, kLongestValue = 64 * 1024, kMostKeys = 100'000;
    static constexpr uint64_t kMostKept = 64 << 20;  // bytes of a durable one

    struct Entry {
        std::string value;
        uint64_t revision = 0;
        uint64_t expires_ms = 0;  // 0: never
    };

    std::optional<Entry> get(std::string_view key, uint64_t now_ms);
    /// MH_E_INVALID for an empty or long key, MH_E_LIMIT for a long value or too many keys.
    mh_status set(std::string_view key, std::string_view value, uint64_t ttl_ms, uint64_t now_ms);
    mh_status cas(std::string_view key, uint64_t revision, std::string_view value, uint64_t ttl_ms,
                  uint64_t now_ms);
    /// The time to live counts from the key's first increment: so a counter of "so many a minute" ends after the minute.
    mh_status incr(std::string_view key, int64_t by, uint64_t ttl_ms, uint64_t now_ms,
                   int64_t& out);
    mh_status remove(std::string_view key, uint64_t now_ms);
    size_t size() const { return count_.load(std::memory_order_relaxed); }

    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    using Part = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

    // ---- for what keeps it
    /// From now on `sink`, which outlives it, hears of changes.
    void keep(KvSink& sink) { sink_.store(&sink, std::memory_order_release); }
    /// As set() and remove(), but the sink is not told.
    void restore(std::string_view key, std::string_view value, uint64_t expires_ms,
                 uint64_t now_ms);
    void forget(std::string_view key);
    /// Calls fn(part) for each part of what is alive, while it is locked.
    void each_part(uint64_t now_ms, const std::function<void(const Part&)>& fn);
    /// Of all records together, as they stand on disk.
    uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    struct alignas(64) Shard {
        std::mutex mutex;
        Part map;
    };
    static constexpr size_t kShards = 32;

    Shard& shard_of(std::string_view key) { return shards_[(Hash{}(key) >> 7) % kShards]; }
    Entry* find(Shard& s, std::string_view key, uint64_t now_ms);
    mh_status put(Shard& s, Entry* old, std::string_view key, std::string value,
                  uint64_t expires_ms, uint64_t now_ms, bool tell = true);
    void sweep(Shard& s, uint64_t now_ms);
    void erase(Shard& s, Part::iterator it);
    KvSink* sink() const { return sink_.load(std::memory_order_acquire); }

    std::array<Shard, kShards> shards_;
    std::atomic<size_t> count_{0};
    std::atomic<uint64_t> revision_{0};
    std::atomic<uint64_t> bytes_{0};
    std::atomic<KvSink*> sink_{nullptr};
};

/// Milliseconds: of CLOCK_MONOTONIC, and since 1970.
struct KvClock {
    std::function<uint64_t()> steady_ms, wall_ms;
    static KvClock system();
};

class KvStore {
  public:
    /// `folder`: where durable namespaces are kept; empty: nowhere.
    explicit KvStore(std::string folder = {}, std::optional<log::Domain> log = {});
    /// What has changed is written first.
    ~KvStore();
    KvStore(const KvStore&) = delete;
    KvStore& operator=(const KvStore&) = delete;

    /// Lives as long as the store. `durable`: it is read from disk the first time, which blocks. Thread: main.
    KvNamespace& open(std::string_view module_id, bool durable = false);

  private:
    void keep(std::string_view module_id, KvNamespace& keys);
    void wake();
    void write_always();

    const std::string folder_;
    const std::optional<log::Domain> log_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<KvNamespace>, std::less<>> namespaces_;
    std::map<std::string, std::unique_ptr<KvLog>, std::less<>> logs_;
    std::condition_variable changed_;
    std::atomic<bool> due_{false};
    bool stopping_ = false;
    std::thread writer_;
};

}  // namespace microhost::module
