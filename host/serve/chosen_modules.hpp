// SPDX-License-Identifier: Apache-2.0
/// The modules of a configuration, looked at and not loaded.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "module/loader.hpp"
#include "result.hpp"

namespace microhost::serve {

struct ChosenModules {
    module::Loader loader;
    std::vector<module::CandidatePtr>
        modules;                    ///< in loading order, then those of the plugin directory
    std::set<std::string> dropped;  ///< ids of the latter
};

/// Those that it names and what these need, and those of its plugin directory. Errors: one that it names cannot be loaded.
Result<ChosenModules> choose_modules(const config::Config& early);

}  // namespace microhost::serve
