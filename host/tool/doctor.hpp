// SPDX-License-Identifier: Apache-2.0
/// `microhost doctor`: what keeps a setup from working, and what mends it.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int doctor(const Arguments& arguments);

}  // namespace microhost::tool
