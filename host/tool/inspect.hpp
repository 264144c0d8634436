// SPDX-License-Identifier: Apache-2.0
/// `microhost inspect FILE`: what a module says about itself.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int inspect(const Arguments& arguments);

}  // namespace microhost::tool
