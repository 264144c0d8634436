// SPDX-License-Identifier: Apache-2.0
#include "tool/module_config.hpp"

#include "config/assemble.hpp"
#include "json/writer.hpp"

namespace microhost::tool {

Result<json::Document> module_config(const module::Candidate& module, const std::string& text) {
    auto section = json::Document::parse(text.empty() ? "{}" : text, {.comments = true});
    if (!section) return error("{}: its configuration: {}", module.path(), section.error().what);
    // Only what is given here counts, not what this process was started in.
    const config::Surroundings nowhere;
    auto file = config::parse_file(
        "configuration",
        fmt::format(R"({{"modules": {{{}: {}}}}})", json::quote(module.id()), section->text()));
    if (!file) return file.error();
    const config::ModuleSchema schema{module.id(), module.manifest.config_schema(),
                                      module.manifest.document.root().find("filter_schema")};
    auto whole = config::assemble({{}, nowhere, *file, {&schema, 1}});
    if (!whole) return whole.error();
    return whole->module(module.id())->config;
}

}  // namespace microhost::tool
