// SPDX-License-Identifier: Apache-2.0
/// Times and amounts as Go prints them, and so Micro.
#pragma once

#include <cstdint>
#include <string>

namespace microhost::cli {

/// 0 -> "0s", 1500 -> "1.5µs", 3'723'000'000'000 -> "1h2m3s": time.Duration.String().
std::string go_duration(uint64_t ns);
/// "Jan 2 15:04:05" of seconds since 1970, local time.
std::string go_stamp(int64_t s);
/// "12.34mb".
std::string megabytes(uint64_t bytes);

}  // namespace microhost::cli
