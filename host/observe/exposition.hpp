// SPDX-License-Identifier: Apache-2.0
/// Metrics as the text that Prometheus scrapes.
#pragma once

#include "observe/metrics.hpp"

#include <span>
#include <string>
#include <string_view>

namespace microhost::observe {

/// The Content-Type of what `prometheus_text` returns.
inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

/// Text format 0.0.4, in the order of the families. Times are in seconds.
std::string prometheus_text(std::span<const Family> families);

}  // namespace microhost::observe
