// SPDX-License-Identifier: Apache-2.0
// Flags and variables go to the module that owns them; then each module's section is merged and checked.
#include <algorithm>

#include "config/assembly.hpp"
#include "config/names.hpp"
#include "json/nearest.hpp"
#include "json/pointer.hpp"

namespace microhost::config {
namespace {

const json::Document& empty_schema() {
    static const json::Document kEmpty = json::Document::parse(R"({"properties":{}})").value();
    return kEmpty;
}

void assign_variables(Assembly& a, const Names& names) {
    for (const auto& [name, owners] : names.variables()) {
        const auto text = a.in.surroundings.variable(name);
        if (text.empty()) continue;
        const auto owner = single_owner(owners, name, "");
        if (!owner) {
            a.errors.push_back(owner.error().what);
            continue;
        }
        Given& given = a.given[owner->module][owner->key];
        const bool weaker =
            given.origin.source == Source::environment && owner->claim != Claim::full;
        if (given.origin.source == Source::flag || weaker) continue;
        given = {{std::string(text)}, {Source::environment, name, 0}};
    }
}

/// The environment is shared with other programs, so what looks like a slip in it is only a warning.
void doubt_variables(Assembly& a, const Names& names) {
    std::vector<std::string> host{"MICROHOST_CONFIG", "MICROHOST_LOAD", "MICROHOST_POISON",
                                  "MICROHOST_REMOTE", "MICROHOST_REMOTE_TOKEN"};
    for (const Key& key : keys()) {
        host.push_back(variable_name(key.path));
        if (!key.alias.empty()) host.push_back(variable_name(key.alias));
        if (!key.variable.empty()) host.emplace_back(key.variable);
    }
    auto known = names.all_variables();
    known.insert(known.end(), host.begin(), host.end());
    for (const auto& [name, text] : a.in.surroundings.environment) {
        if (!name.starts_with("MICRO_") && !name.starts_with("MICROHOST_")) continue;
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const std::string hint = json::did_you_mean(name, known);
        if (!hint.empty())
            a.out.warnings.push_back(
                fmt::format("variable {} is unknown and ignored{}", name, hint));
    }
}

bool used_by_filter(const Assembly& a, std::string_view id) {
    for (auto [name, filter] : a.file("/filters").members())
        if (filter.find("use").as_string().value_or(name) == id) return true;
    return false;
}

void module_section(Assembly& a, std::size_t index, json::Writer& out) {
    const ModuleSchema& m = a.in.modules[index];
    Section section;
    section.schema = m.config ? m.config : empty_schema().root();
    section.rules = m.config_rules;
    section.pointer = "/modules/" + json::pointer_escape(m.id);
    section.given = &a.given[index];
    section.layers = {{section.pointer, a.file(section.pointer)}};
    // Required values may be left to the instances, which inherit the rest.
    section.need_required = m.filter || !used_by_filter(a, m.id);
    Merged merged = merge(a, section);
    ModuleConfig config{m.id, merged.config, {}};
    if (m.dropped && !merged.problems.empty()) {
        config.problem = fmt::format("{}", fmt::join(merged.problems, "; "));
    } else {
        a.errors.insert(a.errors.end(), merged.problems.begin(), merged.problems.end());
    }
    out.key(m.id).value(merged.config.root());
    a.out.modules.push_back(std::move(config));
}

}  // namespace

void assign_flags(Assembly& a, const Names& names) {
    a.given.resize(a.in.modules.size());
    a.errors.insert(a.errors.end(), names.conflicts().begin(), names.conflicts().end());
    for (const Flag& flag : a.flags) {
        if (is_host_flag(flag.name)) continue;
        const auto owner = names.flag(flag.name, flag.spelled);
        if (!owner) {
            a.errors.push_back(owner.error().what);
            continue;
        }
        Given& given = a.given[owner->module][owner->key];
        given.texts.push_back(flag.value.value_or("true"));
        given.origin = {Source::flag, flag.spelled, 0};
    }
    assign_variables(a, names);
    doubt_variables(a, names);
}

void assemble_modules(Assembly& a) {
    json::Writer out{a.modules};
    out.object();
    std::vector<std::string_view> ids;
    for (std::size_t i = 0; i < a.in.modules.size(); ++i) {
        ids.push_back(a.in.modules[i].id);
        module_section(a, i, out);
    }
    out.end();
    for (auto [name, section] : a.file("/modules").members()) {
        if (a.module(name) || a.in.shared_file) continue;
        a.wrong(a.in_file("/modules/" + json::pointer_escape(name)),
                fmt::format("/modules names {}, which is not loaded{}", json::quote_short(name),
                            json::did_you_mean(name, ids)));
    }
}

}  // namespace microhost::config
