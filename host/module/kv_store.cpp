// SPDX-License-Identifier: Apache-2.0
#include "module/kv_store.hpp"

#include <charconv>

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
    s.map.erase(it);
    count_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
}

void KvNamespace::sweep(Shard& s, uint64_t now_ms) {
    count_.fetch_sub(std::erase_if(s.map, [&](const auto& row) {
        return row.second.expires_ms != 0 && row.second.expires_ms <= now_ms;
    }));
}

mh_status KvNamespace::put(Shard& s, Entry* old, std::string_view key, std::string value,
                           uint64_t expires_ms, uint64_t now_ms) {
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
    return MH_OK;
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
    s.map.erase(s.map.find(key));
    count_.fetch_sub(1, std::memory_order_relaxed);
    return MH_OK;
}

KvNamespace& KvStore::open(std::string_view module_id) {
    std::scoped_lock lock(mutex_);
    auto it = namespaces_.find(module_id);
    if (it == namespaces_.end())
        it = namespaces_.emplace(std::string(module_id), std::make_unique<KvNamespace>()).first;
    return *it->second;
}

}  // namespace microhost::module
