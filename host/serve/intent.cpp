// SPDX-License-Identifier: Apache-2.0
#include "serve/intent.hpp"

namespace microhost::serve {

std::vector<config::ModuleSchema> schemas(std::span<const module::CandidatePtr> modules,
                                          const std::set<std::string>& dropped) {
    std::vector<config::ModuleSchema> out;
    for (const module::CandidatePtr& m : modules)
        out.push_back({m->id(), m->manifest.config_schema(),
                       m->manifest.document.root().find("filter_schema"),
                       dropped.contains(m->id())});
    return out;
}

Result<> Intent::read() {
    Result<config::File> file = config::read_file(config_, surroundings_);
    if (!file) return file.error();
    file_ = std::move(*file);
    return {};
}

Result<config::Config> Intent::early() const {
    return config::early({flags_, surroundings_, file_});
}

Result<config::Config> Intent::assemble(std::span<const module::CandidatePtr> modules,
                                        const std::set<std::string>& dropped) const {
    const std::vector<config::ModuleSchema> known = schemas(modules, dropped);
    return config::assemble({flags_, surroundings_, file_, known});
}

}  // namespace microhost::serve
