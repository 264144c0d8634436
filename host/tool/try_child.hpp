// SPDX-License-Identifier: Apache-2.0
/// The child of `microhost try`: a listener with one filter and a handler that answers, asked over the loopback.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int try_child(const Arguments& arguments);

}  // namespace microhost::tool
