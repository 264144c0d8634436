// SPDX-License-Identifier: Apache-2.0
/// What a module may call its metrics.
#pragma once

#include "observe/names.hpp"
#include "result.hpp"

namespace microhost::observe {

/// Prometheus' rules for names, and ours: prefixes microhost_ and process_ are the host's; counters
/// end in _total, histograms and other times in _seconds (before _total). No label twice; none of
/// `le`, `quantile`, `__...`.
Result<void> check_definition(const Definition& wanted);

}  // namespace microhost::observe
