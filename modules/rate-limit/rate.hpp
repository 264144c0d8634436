// SPDX-License-Identifier: Apache-2.0
/// How fast, as the operator writes it, and what clients are told about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::rate_limit {

/// So many in so much time.
struct Rate {
    uint64_t count = 0;
    uint64_t period_ms = 0;

    /// How many may come at once when nothing else is said: the count, or what comes in a second of a plain rate.
    uint64_t usual_burst = 1;

    /// "10", "10/s", "100/m", "1000/h", with fractions. Nothing for other text and rates out of bounds.
    static std::optional<Rate> parse(std::string_view text);
    static std::optional<Rate> a_second(double rate);

    /// How long it takes until `n` more may come, in seconds, at least 1 unless n is 0.
    uint64_t seconds_for(uint64_t n) const;
};

/// Whole seconds to wait, at least 1.
uint64_t retry_seconds(uint64_t ms);

}  // namespace microhost::rate_limit
