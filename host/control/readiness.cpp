// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "module/background.hpp"
#include "module/health.hpp"
#include "module/module_set.hpp"

namespace microhost::control {
namespace {

constexpr size_t kLongestText = 1024;

// Modules write what they like; a check stays one line.
std::string one_line(std::string_view text) {
    std::string out(text.substr(0, kLongestText));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return out;
}

Check simple(std::string_view name, bool ok, std::string_view otherwise) {
    return {std::string(name), ok ? CheckState::ok : CheckState::failing,
            ok ? std::string() : std::string(otherwise)};
}

// One that is missing is what the operator relies on, unless on_error says that requests pass without it.
Check filter_check(const FilterRow& f, const LoopFigures& figures) {
    Check c{"filter:" + f.name};
    auto broken = figures.broken.find(f.name);
    if (!f.problem.empty())
        c.text = one_line(f.problem);
    else if (broken != figures.broken.end())
        c.text = fmt::format("its shard could not be made on {} loop{}", broken->second,
                             broken->second == 1 ? "" : "s");
    if (!c.text.empty()) c.state = f.required() ? CheckState::failing : CheckState::degraded;
    return c;
}

void add_filters(const std::vector<ListenerRow>& listeners, const LoopFigures& figures,
                 std::vector<Check>& out) {
    std::set<std::string> seen;
    for (const ListenerRow& l : listeners)
        for (const FilterRow& f : l.filters)
            if (seen.insert(f.name).second) out.push_back(filter_check(f, figures));
}

Check loops_check(size_t stalled) {
    if (stalled == 0) return {"loops"};
    return {"loops", CheckState::degraded,
            fmt::format("{} do{} not turn: a module blocks", stalled, stalled == 1 ? "es" : "")};
}

// The worst of all providers, and what there is to say about each that is not well.
Check registry_check(const Sources& sources) {
    const auto known = sources.registry();
    Check c =
        simple("registry", known && known->complete(), "a provider has not told all that it knows");
    if (!sources.providers) return c;
    std::string text;
    for (const registry::ProviderRow& p : sources.providers()) {
        if (p.text.empty()) continue;
        text += fmt::format("{}{}", text.empty() ? "" : "; ", p.text);
        const bool fails = p.state == registry::ProviderState::failed || !p.waited;
        c.state = std::max(c.state, fails ? CheckState::failing : CheckState::degraded);
    }
    if (!text.empty()) c.text = one_line(text);
    return c;
}

void add_modules(const module::HealthBoard& health, std::vector<Check>& out) {
    for (const module::HealthCheck& h : health.checks()) {
        CheckState state = h.state == module::Health::ok         ? CheckState::ok
                           : h.state == module::Health::degraded ? CheckState::degraded
                                                                 : CheckState::failing;
        std::string text = one_line(h.text);
        if (text.empty() && state == CheckState::failing) text = "failing";
        out.push_back({one_line(h.module + ":" + h.name), state, text});
    }
}

}  // namespace

std::vector<Check> readiness(const Sources& sources, const LoopFigures& figures,
                             const Condition& now) {
    std::vector<Check> out;
    out.push_back(simple("started", now.started, "the start is not over"));
    out.push_back(simple("draining", !now.draining, "the process is stopping"));
    const std::vector<ListenerRow> listeners = sources.listeners();
    const bool needs_none = module::works_unheard(sources.modules.published());
    out.push_back(simple("listeners", needs_none || !listeners.empty(), "none is open"));
    for (const ListenerRow& l : listeners)
        if (!l.problem.empty())
            out.push_back({"listener:" + l.name, CheckState::failing, one_line(l.problem)});
    add_filters(listeners, figures, out);
    out.push_back(registry_check(sources));
    out.push_back(loops_check(now.stalled_loops));
    add_modules(sources.health, out);
    return out;
}

bool ready(const std::vector<Check>& checks) {
    return std::none_of(checks.begin(), checks.end(),
                        [](const Check& c) { return c.state == CheckState::failing; });
}

std::string verbose_text(const std::vector<Check>& checks) {
    std::string out;
    for (const Check& c : checks) {
        switch (c.state) {
            case CheckState::ok: out += fmt::format("[+]{} ok\n", c.name); break;
            case CheckState::degraded:
                out +=
                    fmt::format("[+]{} degraded{}{}\n", c.name, c.text.empty() ? "" : ": ", c.text);
                break;
            case CheckState::failing: out += fmt::format("[-]{} {}\n", c.name, c.text); break;
        }
    }
    return out;
}

std::string brief_text(const std::vector<Check>& checks) {
    for (const Check& c : checks)
        if (c.state == CheckState::failing)
            return fmt::format("not ready: {} {}\n", c.name, c.text);
    return "ready\n";
}

}  // namespace microhost::control
