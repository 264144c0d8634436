// SPDX-License-Identifier: Apache-2.0
/// How many commands of one person are taken.
#pragma once

#include <microhost/draft/limit.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace microhost::bot {

/// [main]
class RateLimit {
  public:
    /// Throws mh::failure.
    explicit RateLimit(const mh_limit_rule& rule);

    struct Answer {
        bool allowed = false;
        bool say = false;  ///< not: the person has not been told yet
        uint64_t retry_ms = 0;
    };
    Answer take(std::string_view key);

  private:
    mh_limit_rule rule_;
    uint64_t set_ = 0;
    std::map<std::string, uint64_t, std::less<>> told_;  ///< until when it is not told again
};

}  // namespace microhost::bot
