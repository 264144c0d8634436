// SPDX-License-Identifier: Apache-2.0
/// How many connections each client address has on a loop.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/address.hpp"

namespace microhost::http {

/// Kept only where limits/max_connections_per_peer is set. An address counts without its port.
class PeerCounts {
  public:
    /// False, and nothing changed, when there are `most` already.
    bool enter(const net::Address& a, uint32_t most) {
        std::array<char, 64> text;
        const std::string_view ip(text.data(), a.ip_text(text.data(), text.size()));
        auto it = counts_.find(ip);
        if (it == counts_.end()) it = counts_.emplace(std::string(ip), 0).first;
        if (it->second >= most) return false;
        it->second++;
        return true;
    }
    void leave(const net::Address& a) {
        std::array<char, 64> text;
        auto it = counts_.find(std::string_view(text.data(), a.ip_text(text.data(), text.size())));
        if (it != counts_.end() && --it->second == 0) counts_.erase(it);
    }
    size_t size() const { return counts_.size(); }

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> counts_;
};

}  // namespace microhost::http
