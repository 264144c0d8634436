// SPDX-License-Identifier: Apache-2.0
/// The commands "register service" and "deregister service".
#pragma once

#include <microhost/command.hpp>

namespace microhost::cli {

void register_service(const mh::run_ptr& run);
void deregister_service(const mh::run_ptr& run);

}  // namespace microhost::cli
