// SPDX-License-Identifier: Apache-2.0
/// Small shared state of modules, in memory; it belongs to the process and so survives a reload.
#pragma once

#include <microhost/base.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace microhost::module {

/// The keys of one module. Times are milliseconds of CLOCK_MONOTONIC, given by the caller. Thread: any; one short mutex
/// for each 32nd of the keys.
class KvNamespace {
  public:
    static constexpr size_t kLongestKey = 512, kLongestValue = 64 * 1024, kMostKeys = 100'000;

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

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    struct alignas(64) Shard {
        std::mutex mutex;
        std::unordered_map<std::string, Entry, Hash, std::equal_to<>> map;
    };
    static constexpr size_t kShards = 32;

    Shard& shard_of(std::string_view key) { return shards_[(Hash{}(key) >> 7) % kShards]; }
    Entry* find(Shard& s, std::string_view key, uint64_t now_ms);
    mh_status put(Shard& s, Entry* old, std::string_view key, std::string value,
                  uint64_t expires_ms, uint64_t now_ms);
    void sweep(Shard& s, uint64_t now_ms);

    std::array<Shard, kShards> shards_;
    std::atomic<size_t> count_{0};
    std::atomic<uint64_t> revision_{0};
};

class KvStore {
  public:
    /// Lives as long as the store.
    KvNamespace& open(std::string_view module_id);

  private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<KvNamespace>, std::less<>> namespaces_;
};

}  // namespace microhost::module
