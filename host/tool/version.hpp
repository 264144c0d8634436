// SPDX-License-Identifier: Apache-2.0
/// `microhost version`: the same as --version, for scripts too.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int version(const Arguments& arguments);

}  // namespace microhost::tool
