// SPDX-License-Identifier: Apache-2.0
#include "config/names.hpp"

#include <algorithm>
#include <cctype>

#include "config/keys.hpp"
#include "json/nearest.hpp"

namespace microhost::config {
namespace {

constexpr std::string_view kActionNames[] = {"help", "version", "check_config", "print_schema"};

bool is_action(std::string_view name) {
    return std::find(std::begin(kActionNames), std::end(kActionNames), name) !=
           std::end(kActionNames);
}

// A shell cannot set a variable with a dot in its name, which the ids of third parties have.
std::string variable_form(std::string_view name) {
    std::string out = "MICRO_" + flag_form(name);
    for (char& c : out)
        c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

bool takes_bool(json::Value schema) {
    return schema.find("type").as_string().value_or("") == "boolean";
}

}  // namespace

bool is_host_flag(std::string_view name) {
    return is_action(name) || name == "config" || name == "load" || find_flag(name);
}

Names::Names(std::span<const ModuleSchema> modules) : modules_(modules) {
    for (std::size_t i = 0; i < modules.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j)
            if (modules[j].id == modules[i].id)
                conflicts_.push_back(
                    fmt::format("two modules have the id {}; load only one", modules[i].id));
        add_module(i, modules[i]);
    }
    find_conflicts(flags_, "--");
    find_conflicts(variables_, "");
}

void Names::add_module(std::size_t index, const ModuleSchema& module) {
    for (auto [key, schema] : module.config.find("properties").members()) {
        const std::string full = flag_form(module.id) + "_" + flag_form(key);
        const auto owner = [&, k = key](Claim claim, std::string name) {
            return Owner{index, module.id, std::string(k), claim, std::move(name)};
        };
        const std::string variable = variable_form(full);
        claim(flags_, full, owner(Claim::full, full));
        if (is_host_flag(full))
            conflicts_.push_back(fmt::format(
                "--{} is the host's own flag, so the key {} of module {} cannot have it", full, key,
                module.id));
        for (json::Value alias : schema.find("x-flags").items()) {
            std::string_view name = alias.as_string().value_or("");
            while (name.starts_with('-')) name.remove_prefix(1);
            claim(flags_, flag_form(name), owner(Claim::alias, full));
            claim(variables_, variable_form(name), owner(Claim::alias, variable));
        }
        claim(flags_, flag_form(key), owner(Claim::brief, full));
        claim(variables_, variable, owner(Claim::full, variable));
        for (json::Value alias : schema.find("x-env").items())
            claim(variables_, std::string(alias.as_string().value_or("")),
                  owner(Claim::alias, variable));
    }
}

void Names::claim(Table& table, std::string name, Owner owner) {
    if (name.empty()) return;
    auto& owners = table[std::move(name)];
    for (const Owner& o : owners)
        if (o.module == owner.module && o.key == owner.key) return;
    owners.push_back(std::move(owner));
}

void Names::find_conflicts(const Table& table, std::string_view prefix) {
    for (const auto& [name, owners] : table) {
        const auto full = std::find_if(owners.begin(), owners.end(),
                                       [](const Owner& o) { return o.claim == Claim::full; });
        if (full == owners.end()) continue;
        for (const Owner& o : owners) {
            if (&o == &*full || o.claim == Claim::brief) continue;
            conflicts_.push_back(
                fmt::format("{}{} is claimed by two modules, {} ({}) and {} ({}); load only one",
                            prefix, name, full->id, full->key, o.id, o.key));
        }
    }
}

Result<Owner> single_owner(const std::vector<Owner>& owners, std::string_view spelled,
                           std::string_view dashes) {
    for (const Owner& o : owners)
        if (o.claim == Claim::full) return o;
    if (owners.size() == 1) return owners.front();
    std::string ids, names;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        const bool last = i + 1 == owners.size();
        ids += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", owners[i].id);
        names += fmt::format("{}{}{}", i == 0 ? "" : last ? " or " : ", ", dashes, owners[i].full);
    }
    return error("{} belongs to {}; write {}", spelled, ids, names);
}

Follows Names::follows(std::string_view flag) const {
    if (is_action(flag)) return Follows::nothing;
    if (flag == "config" || flag == "load") return Follows::value;
    if (const Key* key = find_flag(flag))
        return key->type == Type::boolean ? Follows::nothing : Follows::value;
    const auto found = flags_.find(flag);
    if (found == flags_.end()) return Follows::unknown;
    const Owner& o = found->second.front();
    const json::Value schema = modules_[o.module].config.find("properties").find(o.key);
    return takes_bool(schema) ? Follows::nothing : Follows::value;
}

Result<Owner> Names::flag(std::string_view name, std::string_view spelled) const {
    const auto found = flags_.find(name);
    if (found != flags_.end()) return single_owner(found->second, spelled, "--");
    std::vector<std::string> dashed;
    for (std::string_view known : all_flags()) dashed.push_back(fmt::format("--{}", known));
    const std::vector<std::string_view> views(dashed.begin(), dashed.end());
    return error("{}: unknown flag{}", spelled,
                 json::did_you_mean(fmt::format("--{}", name), views));
}

std::vector<std::string_view> Names::all_flags() const {
    // The host's names live as long as the program.
    static const std::vector<std::string> host = [] {
        std::vector<std::string> out{"config", "load"};
        out.insert(out.end(), std::begin(kActionNames), std::end(kActionNames));
        for (const Key& key : keys()) {
            out.push_back(flag_name(key.path));
            if (!key.alias.empty()) out.push_back(flag_name(key.alias));
        }
        return out;
    }();
    std::vector<std::string_view> out(host.begin(), host.end());
    for (const auto& [name, owners] : flags_) out.push_back(name);
    return out;
}

std::vector<std::string_view> Names::all_variables() const {
    std::vector<std::string_view> out;
    for (const auto& [name, owners] : variables_) out.push_back(name);
    return out;
}

}  // namespace microhost::config
