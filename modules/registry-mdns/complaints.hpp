// SPDX-License-Identifier: Apache-2.0
/// What the log is told once, and not again for every datagram.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace microhost::registry_mdns {

class Complaints {
  public:
    static constexpr size_t kMost = 256;

    /// True for what was not said before. When too much has been said, nothing is said any more.
    bool first(const std::string& what) {
        return said_.size() < kMost && said_.insert(what).second;
    }
    /// It may be said again.
    void settle(const std::string& what) { said_.erase(what); }

  private:
    std::set<std::string> said_;
};

/// So many a second; a burst of as many.
class Budget {
  public:
    explicit Budget(uint64_t per_second) : most_(per_second), left_(per_second) {}
    bool take(uint64_t now_ms) {
        if (now_ms - since_ms_ >= 1000) {
            since_ms_ = now_ms;
            left_ = most_;
        }
        if (left_ == 0) return false;
        left_--;
        return true;
    }

  private:
    uint64_t most_, left_, since_ms_ = 0;
};

}  // namespace microhost::registry_mdns
