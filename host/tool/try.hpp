// SPDX-License-Identifier: Apache-2.0
/// `microhost try FILE PATH`: one filter, one request, what it did.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

int try_filter(const Arguments& arguments);

}  // namespace microhost::tool
