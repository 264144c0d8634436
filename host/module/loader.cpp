// SPDX-License-Identifier: Apache-2.0
#include "module/loader.hpp"

#include <algorithm>

#include "module/go_runtime.hpp"
#include "module/search.hpp"

namespace microhost::module {
namespace {

constexpr std::string_view kModulePrefix = "module:";
constexpr size_t kMostModules = 256;

/// "module:ID" -> ID, else empty.
std::string_view module_id(std::string_view need) {
    return need.starts_with(kModulePrefix) ? need.substr(kModulePrefix.size()) : std::string_view{};
}

}  // namespace

struct Loader::Plan {
    enum class Mark : uint8_t { fresh, open, placed };
    struct Row {
        CandidatePtr candidate;
        Mark mark = Mark::fresh;
    };
    std::span<const CandidatePtr> known;
    std::vector<Row> rows;
    std::vector<size_t> trail;  // of the walk, for the message about a circle
    std::vector<CandidatePtr> ordered;

    /// Checked before, or null.
    CandidatePtr known_at(const std::string& path) const {
        for (const CandidatePtr& c : known)
            if (c->path() == path) return c;
        return nullptr;
    }
    const Row* find(std::string_view id) const {
        for (const Row& r : rows)
            if (r.candidate->id() == id) return &r;
        return nullptr;
    }
};

Result<CandidatePtr> Loader::inspect(std::string_view name) const {
    auto path = find_module(name, module_path_);
    if (!path) return path.error();
    return check_file(*path);
}

/// Adds the module and, depth first, those that it requires by id.
Result<> Loader::collect(Plan& plan, std::string_view name, const Candidate* for_whom) const {
    CandidatePtr known = plan.known_at(std::string(name));  // its file may be gone by now
    if (!known)
        if (auto path = find_module(name, module_path_)) known = plan.known_at(*path);
    auto found = known ? Result<CandidatePtr>(known) : inspect(name);
    if (!found && for_whom)
        return found.error().context(fmt::format("{}: requires module:{}", for_whom->path(), name));
    if (!found) return found.error();
    const CandidatePtr c = *found;
    if (for_whom && c->id() != name)
        return error("{}: requires module:{}, but the id of {} is \"{}\"; rename the file",
                     for_whom->path(), name, c->path(), c->id());
    if (const Plan::Row* other = plan.find(c->id())) {
        if (other->candidate->file.same_as(c->file)) return {};
        return error("{}: module \"{}\" is already loaded from {}; remove one of the two",
                     c->path(), c->id(), other->candidate->path());
    }
    if (plan.rows.size() == kMostModules) return error("more than {} modules", kMostModules);
    if (c->elf.go_runtime)
        for (const Plan::Row& row : plan.rows)
            if (row.candidate->elf.go_runtime) return second_go_runtime(*c, row.candidate->id());
    plan.rows.push_back({c});
    for (const std::string& need : c->manifest.needs) {
        const std::string_view id = module_id(need);
        if (id.empty() || plan.find(id)) continue;
        if (!is_module_id(id))
            return error("{}: requires \"{}\", which is no module id", c->path(), need);
        if (auto ok = collect(plan, id, c.get()); !ok) return ok;
    }
    return {};
}

/// The rows that must come before; checks on the way that every requirement is met.
Result<std::vector<size_t>> Loader::dependencies(const Plan& plan, const Candidate& of) const {
    std::vector<size_t> out;
    auto add = [&](const std::string& need) {
        bool met = false;
        for (size_t i = 0; i < plan.rows.size(); i++) {
            const Manifest& m = plan.rows[i].candidate->manifest;
            if (module_id(need) == m.id ||
                std::find(m.provides.begin(), m.provides.end(), need) != m.provides.end()) {
                met = true;
                if (m.id != of.id()) out.push_back(i);
            }
        }
        return met;
    };
    for (const std::string& need : of.manifest.needs)
        if (!add(need) && !interfaces_.find(need))
            return error("{}: needs {}, {}", of.path(), need, interfaces_.explain_missing(need));
    for (const std::string& wish : of.manifest.optional) add(wish);
    return out;
}

Result<> Loader::order(Plan& plan, size_t at) const {
    Plan::Row& row = plan.rows[at];
    if (row.mark == Plan::Mark::placed) return {};
    plan.trail.push_back(at);
    if (row.mark == Plan::Mark::open) {
        std::string circle;
        auto from = std::find(plan.trail.begin(), plan.trail.end(), at);
        for (; from != plan.trail.end(); ++from)
            circle += (circle.empty() ? "" : " -> ") + plan.rows[*from].candidate->id();
        return error("{}: modules require each other in a circle: {}; remove one requirement",
                     row.candidate->path(), circle);
    }
    row.mark = Plan::Mark::open;
    auto before = dependencies(plan, *row.candidate);
    if (!before) return before.error();
    for (const size_t i : *before)
        if (auto ok = order(plan, i); !ok) return ok;
    row.mark = Plan::Mark::placed;
    plan.trail.pop_back();
    plan.ordered.push_back(row.candidate);
    return {};
}

Result<std::vector<CandidatePtr>> Loader::plan(std::span<const std::string> names,
                                               std::span<const CandidatePtr> known) const {
    Plan plan;
    plan.known = known;
    for (const std::string& name : names)
        if (auto ok = collect(plan, name, nullptr); !ok) return ok.error();
    for (size_t i = 0; i < plan.rows.size(); i++)
        if (auto ok = order(plan, i); !ok) return ok.error();
    return std::move(plan.ordered);
}

}  // namespace microhost::module
