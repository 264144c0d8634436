// SPDX-License-Identifier: Apache-2.0
/// Builds the plugin in a folder, in whatever way the folder wants to be built.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace microhost::tool {

/// The command for what lies in the folder: make, meson and ninja, cargo, or the compiler by itself. Errors: nothing that can
/// be built.
Result<std::string> build_command(const std::string& folder);

/// Runs it with the shell in that folder; what it writes goes where ours does. The exit status, as a shell has it.
int run_build(const std::string& folder, const std::string& command);

/// The newest module (NAME.so) that a build leaves in the folder. Errors: there is none, or it would be refused.
Result<std::string> built_module(const std::string& folder);

/// Whether a change of a file of that name is a reason to build.
bool is_source(const std::string& name);
/// Whether a folder of that name holds sources, and not what is made of them.
bool holds_sources(const std::string& name);

}  // namespace microhost::tool
