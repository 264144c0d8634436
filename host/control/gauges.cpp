// SPDX-License-Identifier: Apache-2.0
#include "control/gauges.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "control/pages.hpp"
#include "module/generation.hpp"
#include "module/module_set.hpp"
#include "observe/names.hpp"

namespace microhost::control {
namespace {

using observe::Emit;

double real(uint64_t n) { return static_cast<double>(n); }

void emit_nodes(const registry::Snapshot& known, const Emit& emit) {
    for (const auto& s : known.services()) emit({s->name}, real(s->nodes.size()));
}

void emit_verdicts(const LoopFigures& all, const Emit& emit) {
    for (const auto& [name, c] : all.filters) {
        emit({name, "continue"}, real(c.continued));
        emit({name, "respond"}, real(c.answered));
        emit({name, "fail"}, real(c.failed));
        emit({name, "suspend"}, real(c.suspended));
        emit({name, "timeout"}, real(c.timed_out));
    }
}

void emit_failures(const LoopFigures& all, const Emit& emit) {
    for (const auto& [name, c] : all.filters)
        emit({name, on_error_text(c.on_error)}, real(c.failed));
}

void emit_generations(const module::ModuleSet& modules, const Emit& emit) {
    std::map<std::pair<std::string, std::string>, uint64_t> count;
    for (const auto& g : modules.generations())
        count[{g->id(), std::string(module::stage_name(g->stage()))}]++;
    for (const auto& [key, n] : count) emit({key.first, key.second}, real(n));
}

}  // namespace

void Gauges::add(const observe::Definition& own, std::function<void(const Emit&)> produce) {
    callbacks_.push_back(metrics_.add_callback(own, std::move(produce)));
}

Gauges::Gauges(const Sources& s, const Census& census) : metrics_(s.metrics) {
    namespace names = observe::names;
    add(names::kConnections, [&census](const Emit& emit) {
        for (const auto& [name, n] : census.total().connections) emit({name}, real(n));
    });
    add(names::kFilterVerdicts,
        [&census](const Emit& emit) { emit_verdicts(census.total(), emit); });
    add(names::kFilterFailures,
        [&census](const Emit& emit) { emit_failures(census.total(), emit); });
    add(names::kUpstreamConnections, [&census](const Emit& emit) {
        for (const auto& [name, u] : census.total().upstreams) {
            emit({name, "idle"}, real(u.idle));
            emit({name, "busy"}, real(u.busy));
        }
    });
    add(names::kRegistryNodes, [&s](const Emit& emit) {
        if (auto known = s.registry()) emit_nodes(*known, emit);
    });
    add(names::kModuleGenerations, [&s](const Emit& emit) { emit_generations(s.modules, emit); });
    add(names::kLoopTurns, [&s](const Emit& emit) {
        for (const Loop* l : s.loops)
            emit({fmt::format("{}", l->index())}, real(Loop::turns(l->turn_stamp())));
    });
}

Gauges::~Gauges() {
    for (uint32_t c : callbacks_) metrics_.remove_callback(c);
}

}  // namespace microhost::control
