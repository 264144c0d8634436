// SPDX-License-Identifier: Apache-2.0
#include "serve/module_rows.hpp"

#include "control/pages.hpp"
#include "module/generation.hpp"
#include "module/module_set.hpp"

namespace microhost::serve {
namespace {

using module::ModuleRow;
using module::ModuleState;
using module::Stage;

ModuleState state_of(Stage s) {
    switch (s) {
        case Stage::created:
        case Stage::started: return ModuleState::loading;
        case Stage::serving: return ModuleState::running;
        case Stage::draining: return ModuleState::draining;
        case Stage::stopped: return ModuleState::parked;
        case Stage::failed: return ModuleState::failed;
    }
    return ModuleState::failed;
}

ModuleRow row_of(module::Generation& g) {
    ModuleRow r;
    r.id = g.id();
    r.version = g.manifest().version;
    r.path = g.path();
    r.summary = g.manifest().summary;
    r.manifest = g.manifest().document.text();
    r.generation = g.number();
    r.state = state_of(g.stage());
    r.pinned = g.pinned();
    r.loaded_ms = g.loaded_ms();
    for (const module::Segment& s : g.candidate().elf.segments) r.bytes += s.memory_size;
    r.requests = g.pins();
    r.handles = g.side().outstanding.load(std::memory_order_relaxed);
    r.errors = g.side().panics.load(std::memory_order_relaxed);
    return r;
}

}  // namespace

ModuleRow absent_row(const module::AbsentModule& a, ModuleState state) {
    ModuleRow r;
    const module::Manifest& manifest = a.candidate->manifest;
    r.id = manifest.id;
    r.version = manifest.version;
    r.path = a.candidate->path();
    r.summary = manifest.summary;
    r.manifest = manifest.document.text();
    r.detail = a.reason;
    r.generation = 0;
    r.state = state;
    return r;
}

std::vector<ModuleRow> module_rows(const module::ModuleSet& modules,
                                   const observe::Metrics& metrics) {
    const auto costs = control::hook_costs(metrics);
    std::vector<ModuleRow> rows;
    for (const auto& g : modules.generations()) {
        ModuleRow r = row_of(*g);
        if (const auto own = costs.find(r.id); own != costs.end())
            for (const auto& [hook, cost] : own->second) {
                r.calls += cost.calls;
                r.cpu_ns += cost.nanoseconds;
            }
        rows.push_back(std::move(r));
    }
    return rows;
}

}  // namespace microhost::serve
