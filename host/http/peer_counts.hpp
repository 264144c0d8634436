// SPDX-License-Identifier: Apache-2.0
/// How many connections a listener has, and each client address of it, over all loops. Touched when a connection begins and
/// ends, never for a request.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/address.hpp"

namespace microhost::http {

/// Kept only where limits/max_connections_per_peer is set. An address counts without its port. Thread: any.
class PeerCounts {
  public:
    /// False, and nothing changed, when there are `most` already.
    bool enter(const net::Address& a, uint32_t most) {
        std::array<char, 64> text;
        const std::string_view ip(text.data(), a.ip_text(text.data(), text.size()));
        std::lock_guard lock(mutex_);
        auto it = counts_.find(ip);
        if (it == counts_.end()) it = counts_.emplace(std::string(ip), 0).first;
        if (it->second >= most) return false;
        it->second++;
        return true;
    }
    void leave(const net::Address& a) {
        std::array<char, 64> text;
        const std::string_view ip(text.data(), a.ip_text(text.data(), text.size()));
        std::lock_guard lock(mutex_);
        auto it = counts_.find(ip);
        if (it != counts_.end() && --it->second == 0) counts_.erase(it);
    }

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    std::mutex mutex_;
    std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> counts_;
};

/// Of one listener. Thread: any.
class ListenerCounts {
  public:
    /// False, and nothing changed, when there are `most` connections already. 0: no limit.
    bool enter(uint32_t most) {
        uint32_t now = connections_.load(std::memory_order_relaxed);
        do {
            if (most && now >= most) return false;
        } while (!connections_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
        return true;
    }
    void leave() { connections_.fetch_sub(1, std::memory_order_relaxed); }

    PeerCounts peers;

  private:
    std::atomic<uint32_t> connections_{0};
};

}  // namespace microhost::http
