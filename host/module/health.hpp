// SPDX-License-Identifier: Apache-2.0
/// What modules say about their own health; /readyz reads it.
#pragma once

#include <microhost/base.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::module {

struct HostSide;

enum class Health : int32_t { ok = 0, degraded = 1, failing = 2 };

struct HealthCheck {
    std::string module, name;
    Health state = Health::ok;
    std::string text;
};

/// Thread: any; a mutex that is held for a copy.
class HealthBoard {
  public:
    static constexpr size_t kMostChecks = 1024;

    /// Ignored beyond kMostChecks. The text is cut at 1 KiB.
    void set(const HostSide& side, std::string_view check, Health state, std::string_view text);
    /// Removes all of a generation.
    void end(const HostSide& side);

    std::vector<HealthCheck> checks() const;
    /// No check is failing.
    bool ready() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::pair<const HostSide*, std::string>, HealthCheck> checks_;
};

}  // namespace microhost::module
