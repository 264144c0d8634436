// SPDX-License-Identifier: Apache-2.0
/// `microhost upgrade [--instance NAME] [--release MODULE]`.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

/// The supervisor starts a worker from the file on disk, having let a module out of quarantine; what became of it is one
/// line. 0: the new one serves, 1: the old one goes on.
int upgrade(const Arguments& arguments);

}  // namespace microhost::tool
