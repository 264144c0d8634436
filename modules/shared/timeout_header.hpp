// SPDX-License-Identifier: Apache-2.0
/// Micro's Timeout header on HTTP requests.
#pragma once

#include <cstdint>
#include <string_view>

namespace microhost::shared {

/// The shorter of the configured time and what the client's Timeout header says. Digits alone, as Micro's clients send them, are nanoseconds
/// from 1,000,000 on and seconds below; besides those a unit and fractions: "250ms", "1.5s", "0.5", which is in seconds. What is none of them,
/// and no time at all, leaves the configured time.
uint32_t effective_timeout_ms(uint32_t configured_ms, std::string_view header);

/// The same for pages where digits alone are always seconds, as Micro's /rpc.
uint32_t page_timeout_ms(uint32_t configured_ms, std::string_view header);

}  // namespace microhost::shared
