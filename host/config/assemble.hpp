// SPDX-License-Identifier: Apache-2.0
/// The second pass: flags, environment, file and the modules' schemas become one validated Config.
#pragma once

#include <span>
#include <string>

#include "config/config.hpp"
#include "config/surroundings.hpp"
#include "json/schema.hpp"
#include "json/value.hpp"
#include "result.hpp"

namespace microhost::config {

/// What the manifest of one module says about its configuration: draft-04 (json::Schema) with `default` and `description`,
/// and of ours `x-flags`: further flag names, `x-env`: further variables, `x-live`: false when a change needs a restart,
/// `x-secret`: true when the value must not be shown. A flag is --MODULE_KEY, a variable MICRO_MODULE_KEY.
struct ModuleSchema {
    std::string id;
    json::Value config;  ///< absent: the module takes none
    json::Value
        filter;  ///< of a filter instance; absent: that of `config`, and instances inherit the module's values
    bool dropped =
        false;  ///< found in the plugin directory: its wrong config is its own problem, not the process's
    /// The same, compiled; null: that is done when it is needed.
    const json::Schema* config_rules = nullptr;
    const json::Schema* filter_rules = nullptr;
};

struct Input {
    std::span<const std::string> args;  ///< Scan::flags
    const Surroundings& surroundings;
    const File& file;
    std::span<const ModuleSchema> modules = {};
    /// The file is that of another process: sections of further modules, listeners and filters in it are left alone.
    bool shared_file = false;
};

/// What is needed to find the modules: `host` and `load` of the result, complete and checked. Flags and sections of
/// modules are left alone. Errors as assemble().
Result<Config> early(const Input& input);

/// Everything, checked. An error lists all mistakes that were found, one a line, the first one first; each begins with
/// where it was made (flag, variable, FILE:LINE). Thread: main.
Result<Config> assemble(const Input& input);

}  // namespace microhost::config
