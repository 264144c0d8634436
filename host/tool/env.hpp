// SPDX-License-Identifier: Apache-2.0
/// `microhost env`: the remote environments that this user has given names, and which of them commands work on.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

/// The exit status: 1 no such remote, or the file cannot be read or written; 2 wrongly asked.
int environment(const Arguments& arguments);

}  // namespace microhost::tool
