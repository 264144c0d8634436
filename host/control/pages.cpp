// SPDX-License-Identifier: Apache-2.0
#include "control/pages.hpp"

#include "json/writer.hpp"
#include "module/generation.hpp"
#include "module/module_set.hpp"
#include "observe/metrics.hpp"
#include "registry/model_json.hpp"

namespace microhost::control {
namespace {

using json::Writer;

using Costs = std::map<std::string, std::map<std::string, HookCost>>;

void write_contributions(Writer& w, const module::ModuleSet& modules, const module::Generation& g) {
    std::map<std::string, std::vector<std::string>> by_point;
    for (const module::Contribution& c : modules.published())
        if (c.generation == &g) by_point[c.point].push_back(c.name.empty() ? g.id() : c.name);
    w.key("contributions").object();
    for (const auto& [point, list] : by_point) w.key(point).strings(list);
    w.end();
}

void write_module(Writer& w, const module::ModuleSet& modules, module::Generation& g,
                  const Costs& all) {
    w.object().key("id").string(g.id()).key("version").string(g.manifest().version);
    w.key("summary").string(g.manifest().summary).key("file").string(g.path());
    w.key("generation").uint64(g.number()).key("stage").string(module::stage_name(g.stage()));
    w.key("flags").array();
    if (g.pinned()) w.string("pinned");
    w.end();
    w.key("requires").strings(g.manifest().needs);
    write_contributions(w, modules, g);
    if (auto own = all.find(g.id()); own != all.end()) write_hooks(w, own->second);
    w.key("panics").uint64(g.side().panics.load(std::memory_order_relaxed));
    w.key("outstanding").uint64(g.side().outstanding.load(std::memory_order_relaxed)).end();
}

void write_listener(Writer& w, const ListenerRow& l, std::string_view kind, uint64_t connections) {
    w.object().key("name").string(l.name).key("kind").string(kind);
    w.key("module").string(l.module).key("address").string(l.address);
    w.key("tls").boolean(l.tls).key("proxy_protocol").boolean(l.proxy_protocol);
    w.key("filters").array();
    for (const FilterRow& f : l.filters) w.string(f.name);
    w.end().key("connections").uint64(connections).end();
}

}  // namespace

void write_hooks(Writer& w, const std::map<std::string, HookCost>& hooks) {
    w.key("hooks").object();
    for (const auto& [hook, c] : hooks)
        w.key(hook)
            .object()
            .key("calls")
            .uint64(c.calls)
            .key("seconds")
            .number(static_cast<double>(c.nanoseconds) / 1e9)
            .end();
    w.end();
}

void write_filter_members(Writer& w, const FilterRow& f, const LoopFigures& figures) {
    const bool broken = figures.broken.contains(f.name);
    const bool missing = !f.problem.empty();
    w.key("name").string(f.name).key("module").string(f.module);
    w.key("phase").string(f.phase).key("on_error").string(on_error_text(f.on_error));
    w.key("mode").string(f.shadow ? "shadow" : "enforce");
    w.key("state").string(missing ? "missing" : broken ? "broken" : "active");
    if (missing) w.key("reason").string(f.problem);
    if (auto c = figures.filters.find(f.name); c != figures.filters.end()) {
        w.key("verdicts").object().key("continue").uint64(c->second.continued);
        w.key("respond").uint64(c->second.answered).key("fail").uint64(c->second.failed);
        w.key("suspend").uint64(c->second.suspended).key("timeout").uint64(c->second.timed_out);
        w.end();
    }
}

std::map<std::string, std::map<std::string, HookCost>> hook_costs(const observe::Metrics& metrics) {
    std::map<std::string, std::map<std::string, HookCost>> out;
    for (const observe::Family& f : metrics.collect()) {
        const bool calls = f.name == observe::names::kModuleCalls.name;
        if (!calls && f.name != observe::names::kModuleSeconds.name) continue;
        for (const observe::Sample& s : f.samples) {
            HookCost& c = out[s.values[0]][s.values[1]];
            (calls ? c.calls : c.nanoseconds) = s.cells.empty() ? 0 : s.cells[0];
        }
    }
    return out;
}

std::string_view on_error_text(http::OnError e) {
    switch (e) {
        case http::OnError::open: return "open";
        case http::OnError::skip: return "skip";
        case http::OnError::closed: break;
    }
    return "closed";
}

std::string modules_page(const Sources& s) {
    std::string out;
    Writer w(out);
    const Costs all = hook_costs(s.metrics);
    w.array();
    for (const auto& g : s.modules.generations()) write_module(w, s.modules, *g, all);
    w.end();
    return out;
}

std::string listeners_page(const Sources& s, const LoopFigures& figures,
                           const std::vector<ListenerRow>& own) {
    std::string out;
    Writer w(out);
    w.array();
    for (const ListenerRow& l : s.listeners()) {
        auto n = figures.connections.find(l.name);
        write_listener(w, l, "module", n == figures.connections.end() ? 0 : n->second);
    }
    for (const ListenerRow& l : own) {
        auto n = figures.connections.find(l.name);
        write_listener(w, l, "control", n == figures.connections.end() ? 0 : n->second);
    }
    w.end();
    return out;
}

std::string filters_page(const Sources& s, const LoopFigures& figures) {
    std::string out;
    Writer w(out);
    w.array();
    for (const ListenerRow& l : s.listeners()) {
        w.object().key("listener").string(l.name).key("filters").array();
        for (const FilterRow& f : l.filters) {
            w.object();
            write_filter_members(w, f, figures);
            w.end();
        }
        w.end().end();
    }
    w.end();
    return out;
}

std::string registry_page(const Sources& s) {
    std::string out;
    Writer w(out);
    w.array();
    if (s.providers)
        for (const registry::ProviderRow& p : s.providers())
            w.object()
                .key("provider")
                .string(p.name)
                .key("priority")
                .int64(p.priority)
                .key("state")
                .string(registry::state_name(p.state))
                .key("services")
                .uint64(p.services)
                .key("nodes")
                .uint64(p.nodes)
                .key("text")
                .string(p.text)
                .key("last_trouble")
                .string(p.last_trouble)
                .end();
    w.end();
    return out;
}

std::string services_page(const Sources& s) {
    std::string out;
    Writer w(out);
    w.array();
    if (auto known = s.registry())
        for (const registry::Entry& e : known->entries())
            registry::write_json(w, e.service->versions[e.version]);
    w.end();
    return out;
}

}  // namespace microhost::control
