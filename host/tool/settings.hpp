// SPDX-License-Identifier: Apache-2.0
/// What the configuration says about the host itself, for verbs that start nothing.
#pragma once

#include "config/config.hpp"
#include "result.hpp"
#include "tool/verbs.hpp"

namespace microhost::tool {

/// Of the flags before the verb, the environment and the file. Flags and sections of modules are left alone.
Result<config::Config> settings(const Arguments& arguments);

}  // namespace microhost::tool
