// SPDX-License-Identifier: Apache-2.0
#include "serve/intent.hpp"

namespace microhost::serve {

std::vector<config::ModuleSchema> schemas(std::span<const module::CandidatePtr> modules,
                                          const std::set<std::string>& dropped) {
    std::vector<config::ModuleSchema> out;
    const auto compiled = [](const std::optional<json::Schema>& s) { return s ? &*s : nullptr; };
    for (const module::CandidatePtr& m : modules)
        out.push_back({m->id(), m->manifest.config_schema(),
                       m->manifest.document.root().find("filter_schema"), dropped.contains(m->id()),
                       compiled(m->manifest.config_rules), compiled(m->manifest.filter_rules)});
    return out;
}

Result<> Intent::read() {
    Result<config::File> file = config::read_file(config_, surroundings_);
    if (!file) return file.error();
    file_ = std::move(*file);
    last_.reset();
    return {};
}

Result<config::Config> Intent::early() const {
    return config::early({flags_, surroundings_, file_});
}

Result<config::Config> Intent::assemble(std::span<const module::CandidatePtr> modules,
                                        const std::set<std::string>& dropped) const {
    std::vector<module::CandidatePtr> of(modules.begin(), modules.end());
    if (last_ && last_->of == of && last_->dropped == dropped) return last_->config;
    const std::vector<config::ModuleSchema> known = schemas(modules, dropped);
    auto config = config::assemble({flags_, surroundings_, file_, known});
    if (config) last_ = Assembled{std::move(of), dropped, *config};
    return config;
}

}  // namespace microhost::serve
