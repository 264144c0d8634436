// SPDX-License-Identifier: Apache-2.0
/// The commands "health" and "stats": one call to each node of a service, all at once, told in the order of the registry.
#pragma once

#include <microhost/command.hpp>

namespace microhost::cli {

void health(const mh::run_ptr& run);
void stats(const mh::run_ptr& run);

}  // namespace microhost::cli
