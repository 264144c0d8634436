// SPDX-License-Identifier: Apache-2.0
/// Wall-clock times and how the logs spell them.
#pragma once

#include <cstdint>
#include <string>

namespace microhost::observe {

/// Microseconds since 1970-01-01 UTC, from CLOCK_REALTIME.
std::uint64_t wall_now_us() noexcept;

/// RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
void append_rfc3339(std::string& out, std::uint64_t time_us);
/// For a person, in the zone of the process: `2026-01-02 03:04:05.678`.
void append_local_time(std::string& out, std::uint64_t time_us);
/// As Apache's %t, in UTC: `[02/Jan/2026:03:04:05 +0000]`.
void append_apache_time(std::string& out, std::uint64_t time_us);

}  // namespace microhost::observe
