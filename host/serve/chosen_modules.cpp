// SPDX-License-Identifier: Apache-2.0
#include "serve/chosen_modules.hpp"

#include <algorithm>

#include "serve/module_operations.hpp"
#include "serve/offered.hpp"

namespace microhost::serve {

Result<ChosenModules> choose_modules(const config::Config& early) {
    ChosenModules out{module::Loader(early.host.module_path, offered_interfaces()), {}, {}};
    auto named = out.loader.plan(early.load);
    if (!named) return named.error();
    out.modules = std::move(*named);
    for (const module::CandidatePtr& c : dropped_modules(early.host.plugin_dir)) {
        const bool known = std::any_of(out.modules.begin(), out.modules.end(),
                                       [&](const auto& m) { return m->id() == c->id(); });
        if (!known && out.dropped.insert(c->id()).second) out.modules.push_back(c);
    }
    return out;
}

}  // namespace microhost::serve
