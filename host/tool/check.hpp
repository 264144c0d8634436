// SPDX-License-Identifier: Apache-2.0
/// `microhost check FILE|DIR...`: a verdict on each module, before any of them is loaded.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int check(const Arguments& arguments);

}  // namespace microhost::tool
