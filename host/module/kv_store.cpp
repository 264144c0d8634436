// SPDX-License-Identifier: Apache-2.0
#include "module/kv_store.hpp"

#include <charconv>
#include <chrono>
#include <ctime>

#include "module/kv_log.hpp"
#include "module/kv_record.hpp"

namespace microhost::module {
namespace {

mh_status check(std::string_view key, std::string_view value) {
    if (key.empty() || key.size() > KvNamespace::kLongestKey) return MH_E_INVALID;
    return value.size() > KvNamespace::kLongestValue ? MH_E_LIMIT : MH_OK;
}

uint64_t expiry(uint64_t ttl_ms, uint64_t now_ms) {
    if (ttl_ms == 0) return 0;
    return ttl_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + ttl_ms;
}

}  // namespace

KvNamespace::Entry* KvNamespace::find(Shard& s, std::string_view key, uint64_t now_ms) {
    auto it = s.map.find(key);
    if (it == s.map.end()) return nullptr;
    if (it->second.expires_ms == 0 || it->second.expires_ms > now_ms) return &it->second;
    erase(s, it);
    return nullptr;
}

void KvNamespace::erase(Shard& s, Part::iterator it) {
    bytes_.fetch_sub(kv_record_size(it->first.size(), it->second.value.size()),
                     std::memory_order_relaxed);
    s.map.erase(it);
    count_.fetch_sub(1, std::memory_order_relaxed);
}

void KvNamespace::sweep(Shard& s, uint64_t now_ms) {
    for (auto it = s.map.begin(); it != s.map.end();) {
        const auto row = it++;
        if (row->second.expires_ms != 0 && row->second.expires_ms <= now_ms) erase(s, row);
    }
}

mh_status KvNamespace::put(Shard& s, Entry* old, std::string_view key, std::string value,
                           uint64_t expires_ms, uint64_t now_ms, bool tell) {
    const uint64_t size = kv_record_size(key.size(), value.size());
    const uint64_t before = old ? kv_record_size(key.size(), old->value.size()) : 0;
    KvSink* const kept = sink();
    if (kept && size > before && bytes() + (size - before) > kMostKept) return MH_E_LIMIT;
    if (!old) {
        if (count_.fetch_add(1, std::memory_order_relaxed) >= kMostKeys) {
            sweep(s, now_ms);
            if (count_.load(std::memory_order_relaxed) > kMostKeys) {
                count_.fetch_sub(1, std::memory_order_relaxed);
                return MH_E_LIMIT;
            }
        }
        old = &s.map[std::string(key)];
    }
    old->value = std::move(value);
    old->revision = revision_.fetch_add(1, std::memory_order_relaxed) + 1;
    old->expires_ms = expires_ms;
    bytes_.fetch_add(size - before, std::memory_order_relaxed);
    if (kept && tell) kept->on_set(key, old->value, expires_ms);
    return MH_OK;
}

void KvNamespace::restore(std::string_view key, std::string_view value, uint64_t expires_ms,
                          uint64_t now_ms) {
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    put(s, find(s, key, now_ms), key, std::string(value), expires_ms, now_ms, false);
}

void KvNamespace::forget(std::string_view key) {
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    if (const auto it = s.map.find(key); it != s.map.end()) erase(s, it);
}

void KvNamespace::each_part(uint64_t now_ms, const std::function<void(const Part&)>& fn) {
    for (Shard& s : shards_) {
        std::scoped_lock lock(s.mutex);
        sweep(s, now_ms);
        fn(s.map);
    }
}

std::optional<KvNamespace::Entry> KvNamespace::get(std::string_view key, uint64_t now_ms) {
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    const Entry* e = find(s, key, now_ms);
    return e ? std::optional(*e) : std::nullopt;
}

mh_status KvNamespace::set(std::string_view key, std::string_view value, uint64_t ttl_ms,
                           uint64_t now_ms) {
    if (const mh_status bad = check(key, value)) return bad;
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    return put(s, find(s, key, now_ms), key, std::string(value), expiry(ttl_ms, now_ms), now_ms);
}

mh_status KvNamespace::cas(std::string_view key, uint64_t revision, std::string_view value,
                           uint64_t ttl_ms, uint64_t now_ms) {
    if (const mh_status bad = check(key, value)) return bad;
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    Entry* e = find(s, key, now_ms);
    if ((e ? e->revision : 0) != revision) return MH_E_EXISTS;
    return put(s, e, key, std::string(value), expiry(ttl_ms, now_ms), now_ms);
}

mh_status KvNamespace::incr(std::string_view key, int64_t by, uint64_t ttl_ms, uint64_t now_ms,
                            int64_t& out) {
    if (const mh_status bad = check(key, {})) return bad;
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    Entry* e = find(s, key, now_ms);
    int64_t n = 0;
    if (e) {
        const char* end = e->value.data() + e->value.size();
        const auto read = std::from_chars(e->value.data(), end, n);
        if (read.ec != std::errc{} || read.ptr != end) return MH_E_INVALID;
    }
    if (__builtin_add_overflow(n, by, &n)) return MH_E_LIMIT;
    const uint64_t expires = e ? e->expires_ms : expiry(ttl_ms, now_ms);
    const mh_status done = put(s, e, key, std::to_string(n), expires, now_ms);
    if (done == MH_OK) out = n;
    return done;
}

mh_status KvNamespace::remove(std::string_view key, uint64_t now_ms) {
    Shard& s = shard_of(key);
    std::scoped_lock lock(s.mutex);
    if (!find(s, key, now_ms)) return MH_E_NOT_FOUND;
    erase(s, s.map.find(key));
    if (KvSink* const kept = sink()) kept->on_remove(key);
    return MH_OK;
}

// ---- KvStore

KvClock KvClock::system() {
    const auto read = [](clockid_t clock) {
        timespec t;
        clock_gettime(clock, &t);
        return static_cast<uint64_t>(t.tv_sec) * 1000 +
               static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
    };
    return {[read] { return read(CLOCK_MONOTONIC); }, [read] { return read(CLOCK_REALTIME); }};
}

KvStore::KvStore(std::string folder, std::optional<log::Domain> log)
    : folder_(std::move(folder)), log_(log) {}

KvStore::~KvStore() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (writer_.joinable()) writer_.join();
}

KvNamespace& KvStore::open(std::string_view module_id, bool durable) {
    std::unique_lock lock(mutex_);
    auto it = namespaces_.find(module_id);
    if (it == namespaces_.end())
        it = namespaces_.emplace(std::string(module_id), std::make_unique<KvNamespace>()).first;
    const bool begins = durable && !folder_.empty() && !logs_.contains(module_id);
    lock.unlock();
    if (begins) keep(module_id, *it->second);
    return *it->second;
}

void KvStore::keep(std::string_view module_id, KvNamespace& keys) {
    auto log = std::make_unique<KvLog>(keys, folder_, std::string(module_id), KvClock::system(),
                                       *log_, [this] { wake(); });
    if (const Result<> opened = log->open(); !opened)
        return log_->error("a module's keys are not kept, they live in memory",
                           {{"module", module_id}, {"reason", opened.error().what}});
    keys.keep(*log);
    const std::scoped_lock lock(mutex_);
    logs_.emplace(module_id, std::move(log));
    if (!writer_.joinable()) writer_ = std::thread([this] { write_always(); });
    due_ = true;
}

void KvStore::wake() {
    if (due_.exchange(true)) return;
    const std::scoped_lock lock(mutex_);
    changed_.notify_all();
}

// Changes that come close after one another are written, and made sure of, together.
void KvStore::write_always() {
    constexpr auto kTogether = std::chrono::milliseconds(200),
                   kAgain = std::chrono::milliseconds(1000);
    std::unique_lock lock(mutex_);
    for (bool again = false;;) {
        const auto ready = [this] { return stopping_ || due_.load(); };
        if (again)
            changed_.wait_for(lock, kAgain, ready);
        else
            changed_.wait(lock, ready);
        due_ = false;
        const bool last = stopping_;
        std::vector<KvLog*> all;
        for (const auto& [id, log] : logs_) all.push_back(log.get());
        lock.unlock();
        again = false;
        for (KvLog* log : all) again |= !log->write();
        lock.lock();
        if (last) return;
        changed_.wait_for(lock, kTogether, [this] { return stopping_; });
    }
}

}  // namespace microhost::module
