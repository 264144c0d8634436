// SPDX-License-Identifier: Apache-2.0
/// What the control socket is told about listeners and their filters.
#pragma once

#include <vector>

#include "control/sources.hpp"
#include "serve/site_set.hpp"

namespace microhost::serve {

/// The listeners with their chains, as they were planned. Thread: main.
std::vector<control::ListenerRow> listener_rows(const SiteSet& sites);

}  // namespace microhost::serve
