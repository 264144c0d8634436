// SPDX-License-Identifier: Apache-2.0
/// Durations ("10s", "500ms", "1h30m", a number of seconds) and sizes ("4MiB", "32k", a number of bytes).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "result.hpp"

namespace microhost::config {

using Milliseconds = std::chrono::milliseconds;

/// Units ms, s, m, h, d, summed; without a unit seconds, with a fraction if need be. At most ten years, never negative.
Result<Milliseconds> parse_duration(std::string_view text);
/// The same for a number of seconds.
Result<Milliseconds> seconds(double count);
/// B, k or KiB, M or MiB, G or GiB, upper or lower case; k is 1024 as well.
Result<std::int64_t> parse_size(std::string_view text);

std::string format_duration(Milliseconds value);  ///< the shortest text that parses back to it
std::string format_size(std::int64_t bytes);

}  // namespace microhost::config
