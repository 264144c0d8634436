// SPDX-License-Identifier: Apache-2.0
#include "module/health.hpp"

#include <algorithm>

#include "module/host_side.hpp"

namespace microhost::module {

void HealthBoard::set(const HostSide& side, std::string_view check, Health state,
                      std::string_view text) {
    constexpr size_t kLongest = 1024;
    std::scoped_lock lock(mutex_);
    std::pair<const HostSide*, std::string> key(&side, check);
    if (checks_.size() >= kMostChecks && !checks_.count(key)) return;
    checks_[std::move(key)] = {side.id, std::string(check), state,
                               std::string(text.substr(0, kLongest))};
}

void HealthBoard::end(const HostSide& side) {
    std::scoped_lock lock(mutex_);
    std::erase_if(checks_, [&](const auto& row) { return row.first.first == &side; });
}

std::vector<HealthCheck> HealthBoard::checks() const {
    std::vector<HealthCheck> out;
    std::scoped_lock lock(mutex_);
    for (const auto& row : checks_) out.push_back(row.second);
    std::sort(out.begin(), out.end(), [](const HealthCheck& a, const HealthCheck& b) {
        return std::pair(a.module, a.name) < std::pair(b.module, b.name);
    });
    return out;
}

bool HealthBoard::ready() const {
    std::scoped_lock lock(mutex_);
    return std::none_of(checks_.begin(), checks_.end(),
                        [](const auto& row) { return row.second.state == Health::failing; });
}

}  // namespace microhost::module
