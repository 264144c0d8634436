// SPDX-License-Identifier: Apache-2.0
/// `microhost explain [METHOD] PATH`: what such a request passes in the running instance.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int explain(const Arguments& arguments);

}  // namespace microhost::tool
