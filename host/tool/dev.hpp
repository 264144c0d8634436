// SPDX-License-Identifier: Apache-2.0
/// `microhost dev DIR`: builds a plugin at every save and puts it into the running instance.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int dev(const Arguments& arguments);

}  // namespace microhost::tool
