// SPDX-License-Identifier: Apache-2.0
/// How often a module crashed the worker of late.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace microhost::supervise {

class CrashCount {
  public:
    CrashCount(unsigned limit, uint64_t window_ms) : limit_(limit), window_ms_(window_ms) {}

    /// One more of these bytes. True when it was one too many: the count begins anew. A limit of 0 is never reached.
    bool add(const std::string& module, const std::string& build, uint64_t now_ms) {
        std::vector<uint64_t>& times = times_[module + '\n' + build];
        times.push_back(now_ms);
        std::erase_if(times, [&](uint64_t t) { return now_ms - t > window_ms_; });
        if (limit_ == 0 || times.size() < limit_) return false;
        times.clear();
        return true;
    }

  private:
    unsigned limit_;
    uint64_t window_ms_;
    std::map<std::string, std::vector<uint64_t>> times_;
};

}  // namespace microhost::supervise
