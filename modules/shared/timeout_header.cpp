// SPDX-License-Identifier: Apache-2.0
#include "timeout_header.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::shared {

uint32_t effective_timeout_ms(uint32_t configured_ms, std::string_view header) {
    constexpr uint64_t kNanosecondsFrom = 1'000'000;
    uint64_t n = 0;
    if (header.empty() || header.size() > 18) return configured_ms;
    for (const char c : header) {
        if (!is_digit(c)) return configured_ms;
        n = n * 10 + static_cast<uint64_t>(c - '0');
    }
    if (n == 0) return configured_ms;
    const uint64_t ms = n >= kNanosecondsFrom ? n / kNanosecondsFrom : n * 1000;
    return static_cast<uint32_t>(std::min<uint64_t>(configured_ms, ms));
}

}  // namespace microhost::shared
