// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <ctime>

#include "module/abi/tables.hpp"
#include "module/host_side.hpp"
#include "module/kv_store.hpp"

namespace microhost::module {
namespace {

uint64_t now_ms() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

KvNamespace* keys_of(const mh_host* h) {
    const HostSide* side = HostSide::find(h);
    return side ? side->kv : nullptr;
}

mh_status get(const mh_host* h, mh_str key, void* buf, size_t cap, size_t* len,
              uint64_t* revision) {
    KvNamespace* keys = keys_of(h);
    if (!keys || broken(key) || (!buf && cap)) return MH_E_INVALID;
    return guard_status([&] {
        const auto e = keys->get(view(key), now_ms());
        if (!e) return MH_E_NOT_FOUND;
        if (const size_t n = std::min(cap, e->value.size())) std::memcpy(buf, e->value.data(), n);
        if (len) *len = e->value.size();
        if (revision) *revision = e->revision;
        return MH_OK;
    });
}

mh_status set(const mh_host* h, mh_str key, mh_seg value, uint64_t ttl_ms) {
    KvNamespace* keys = keys_of(h);
    if (!keys || broken(key) || broken(value)) return MH_E_INVALID;
    return guard_status([&] { return keys->set(view(key), view(value), ttl_ms, now_ms()); });
}

mh_status cas(const mh_host* h, mh_str key, uint64_t revision, mh_seg value, uint64_t ttl_ms) {
    KvNamespace* keys = keys_of(h);
    if (!keys || broken(key) || broken(value)) return MH_E_INVALID;
    return guard_status(
        [&] { return keys->cas(view(key), revision, view(value), ttl_ms, now_ms()); });
}

mh_status incr(const mh_host* h, mh_str key, int64_t by, uint64_t ttl_ms, int64_t* out) {
    KvNamespace* keys = keys_of(h);
    if (!keys || broken(key)) return MH_E_INVALID;
    int64_t ignored = 0;
    return guard_status(
        [&] { return keys->incr(view(key), by, ttl_ms, now_ms(), out ? *out : ignored); });
}

mh_status remove(const mh_host* h, mh_str key) {
    KvNamespace* keys = keys_of(h);
    if (!keys || broken(key)) return MH_E_INVALID;
    return keys->remove(view(key), now_ms());
}

}  // namespace

const mh_kv_store kKvTable{sizeof(mh_kv_store), 0, get, set, cas, incr, remove};

}  // namespace microhost::module
