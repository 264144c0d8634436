// SPDX-License-Identifier: Apache-2.0
/// `microhost new plugin ID`: a folder with a plugin that builds and passes its own test.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int new_plugin(const Arguments& arguments);

}  // namespace microhost::tool
