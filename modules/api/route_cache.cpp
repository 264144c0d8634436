// SPDX-License-Identifier: Apache-2.0
#include "route_cache.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace microhost::api {
namespace {

__extension__ using Wide = unsigned __int128;

uint64_t mix(uint64_t h, uint64_t v) {
    const auto product = static_cast<Wide>(h ^ v) * 0x9e3779b97f4a7c15u;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// Eight bytes a step; the tail is padded with zeros, its length is mixed in by the caller.
uint64_t mix(uint64_t h, std::string_view s) {
    while (s.size() >= 8) {
        uint64_t word;
        std::memcpy(&word, s.data(), 8);
        h = mix(h, word);
        s.remove_prefix(8);
    }
    uint64_t tail = 0;
    if (!s.empty()) std::memcpy(&tail, s.data(), s.size());
    return mix(h, tail);
}

bool equals(const char*& at, uint16_t len, std::string_view s) {
    if (len != s.size()) return false;
    if (len != 0 && std::memcmp(at, s.data(), len) != 0) return false;
    at += len;
    return true;
}

uint16_t append(char*& at, std::string_view s) {
    if (!s.empty()) std::memcpy(at, s.data(), s.size());
    at += s.size();
    return static_cast<uint16_t>(s.size());
}

std::string_view take(const char*& at, uint16_t len) {
    const std::string_view s(at, len);
    at += len;
    return s;
}

}  // namespace

// calloc: pages that no route ever used are never touched.
RouteCache::RouteCache()
    : slots_(static_cast<Slot*>(std::calloc(kSlots, sizeof(Slot))), [](Slot* p) { std::free(p); }) {
    if (!slots_) throw std::bad_alloc();
}

uint64_t RouteCache::hash(const RouteKey& key) {
    uint64_t h = mix(key.path.size(), key.path);
    if (!key.method.empty()) h = mix(h, key.method);
    if (!key.host.empty()) h = mix(h, key.host);
    return h;
}

bool RouteCache::holds(const Slot& s, uint64_t h, const RouteKey& key) const {
    const char* at = s.text;
    return s.hash == h && s.epoch == epoch_ && equals(at, s.path_len, key.path) &&
           equals(at, s.method_len, key.method) && equals(at, s.host_len, key.host);
}

bool RouteCache::find(const RouteKey& key, Route& out) const {
    const uint64_t h = hash(key);
    const size_t first = h & (kSlots - 1);
    const Slot* s = &slots_[first];
    if (!holds(*s, h, key)) {
        s = &slots_[first ^ 1];
        if (!holds(*s, h, key)) return false;
    }
    const char* at = s->text + s->path_len + s->method_len + s->host_len;
    out.handler = s->handler;
    out.json = s->json;
    out.declared = s->declared;
    out.service = take(at, s->service_len);
    out.endpoint = take(at, s->endpoint_len);
    return true;
}

void RouteCache::put(const RouteKey& key, const Route& route) {
    const size_t total = key.path.size() + key.method.size() + key.host.size() +
                         route.service.size() + route.endpoint.size();
    if (total > sizeof(Slot::text)) return;
    const uint64_t h = hash(key);
    const size_t first = h & (kSlots - 1);
    Slot& s = slots_[first].epoch == epoch_ && slots_[first ^ 1].epoch != epoch_ ? slots_[first ^ 1]
                                                                                 : slots_[first];
    char* at = s.text;
    s.hash = h;
    s.epoch = epoch_;
    s.path_len = append(at, key.path);
    s.method_len = append(at, key.method);
    s.host_len = append(at, key.host);
    s.service_len = append(at, route.service);
    s.endpoint_len = append(at, route.endpoint);
    s.handler = route.handler;
    s.json = route.json;
    s.declared = route.declared;
}

}  // namespace microhost::api
