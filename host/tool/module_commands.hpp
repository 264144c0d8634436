// SPDX-License-Identifier: Apache-2.0
/// The commands of modules that are installed but not loaded, as their manifests name them. No code of a module runs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "module/check.hpp"

namespace microhost::tool {

struct ModuleCommand {
    std::string name, summary;
    module::CandidatePtr module;
};

/// Of all modules on the module path that can be loaded; a file hides those of its name in later folders. Sorted by name.
/// `damaged`, when it is given, gets "FILE: reason" of those that cannot.
std::vector<ModuleCommand> module_commands(const std::vector<std::string>& module_path,
                                           std::vector<std::string>* damaged = nullptr);

/// The longest name that `words` begin with, or null; two if two modules have it.
std::vector<const ModuleCommand*> find_command(std::span<const ModuleCommand> all,
                                               std::span<const std::string> words);

}  // namespace microhost::tool
