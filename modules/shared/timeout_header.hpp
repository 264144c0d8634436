// SPDX-License-Identifier: Apache-2.0
/// Micro's Timeout header on HTTP requests.
#pragma once

#include <cstdint>
#include <string_view>

namespace microhost::shared {

/// The shorter of the configured time and what the client's Timeout header says: nanoseconds from 1,000,000 on, seconds below.
uint32_t effective_timeout_ms(uint32_t configured_ms, std::string_view header);

}  // namespace microhost::shared
