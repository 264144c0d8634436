// SPDX-License-Identifier: Apache-2.0
#include "net/parking.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>

namespace microhost::net {
namespace {

constexpr uint64_t kKeptMs = 30'000;
constexpr size_t kMostParked = 16'384;

/// Its timer is the loop's where it was parked; it may be another that takes it.
struct Expiry : Timer {
    uint64_t key;
};

struct Parked {
    std::string module;
    ConnectionParts parts;
};

// What is left when the process ends goes with it: OpenSSL ends before static objects do.
struct Lot {
    std::mutex mutex;
    std::map<uint64_t, Parked> parked;
    std::set<Expiry*> expiries;
    std::random_device random;

    static Lot& get() {
        static auto& lot = *new Lot;
        return lot;
    }
};

void expire(Timer& t) {
    Lot& lot = Lot::get();
    const std::unique_ptr<Expiry> self(static_cast<Expiry*>(&t));
    const std::scoped_lock lock(lot.mutex);
    lot.expiries.erase(self.get());
    lot.parked.erase(self->key);
}

}  // namespace

uint64_t park(Loop& loop, std::string_view module, ConnectionParts parts) {
    Lot& lot = Lot::get();
    const std::scoped_lock lock(lot.mutex);
    if (lot.parked.size() >= kMostParked) return 0;
    uint64_t key = 0;
    while (!key || lot.parked.contains(key)) key = uint64_t{lot.random()} << 32 | lot.random();
    auto* expiry = new Expiry;
    expiry->key = key;
    expiry->fire = expire;
    lot.expiries.insert(expiry);
    loop.wheel().arm(*expiry, Loop::clock_ns() / 1'000'000, kKeptMs);
    lot.parked.emplace(key, Parked{std::string(module), std::move(parts)});
    return key;
}

bool unpark(uint64_t key, std::string_view module, ConnectionParts& out) {
    Lot& lot = Lot::get();
    const std::scoped_lock lock(lot.mutex);
    const auto it = lot.parked.find(key);
    if (it == lot.parked.end() || it->second.module != module) return false;
    out = std::move(it->second.parts);
    lot.parked.erase(it);
    return true;
}

}  // namespace microhost::net
