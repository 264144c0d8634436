// SPDX-License-Identifier: Apache-2.0
/// The commands "call" and "stream".
#pragma once

#include <microhost/command.hpp>

namespace microhost::cli {

void call(const mh::run_ptr& run);
void stream(const mh::run_ptr& run);

}  // namespace microhost::cli
