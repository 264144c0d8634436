// SPDX-License-Identifier: Apache-2.0
/// `microhost config check FILE` and `microhost config get`.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

/// check: in this process, with nothing serving. get: of a running instance. The exit status: 0, 1 with a line for each fault,
/// 2 wrongly asked.
int config_verb(const Arguments& arguments);

}  // namespace microhost::tool
