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

std::vector<registry::ProviderRow> rows_of(const Sources& s) {
    return s.providers ? s.providers() : std::vector<registry::ProviderRow>{};
}

void emit_nodes(const registry::Snapshot& known, const Emit& emit) {
    for (const auto& s : known.services()) emit({s->name}, real(s->nodes.size()));
}

void emit_states(const std::vector<registry::ProviderRow>& rows, const Emit& emit) {
    using enum registry::ProviderState;
    for (const registry::ProviderRow& p : rows)
        for (const registry::ProviderState s : {waiting, synced, stale, failed})
            emit({p.name, std::string(registry::state_name(s))}, p.state == s ? 1 : 0);
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

using Listeners = std::map<std::string, http::SiteFigures, std::less<>>;

/// One series for each listener, of one figure.
auto each_listener(const Census& census, uint64_t http::SiteFigures::*figure) {
    return [&census, figure](const Emit& emit) {
        for (const auto& [name, f] : census.total().listeners) emit({name}, real(f.*figure));
    };
}

void emit_refused(const Listeners& all, const Emit& emit) {
    for (const auto& [name, f] : all) {
        emit({name, "max_connections"}, real(f.refused));
        emit({name, "max_connections_per_peer"}, real(f.refused_peer));
    }
}

void emit_handshakes(const Listeners& all, const Emit& emit) {
    for (const auto& [name, f] : all) {
        if (f.handshakes + f.broken_handshakes == 0) continue;
        emit({name, "ok"}, real(f.handshakes));
        emit({name, "failed"}, real(f.broken_handshakes));
    }
}

void emit_upstream_requests(const LoopFigures& all, const Emit& emit) {
    for (const auto& [name, u] : all.upstreams) {
        emit({name, "ok"}, real(u.figures.answered));
        emit({name, "failed"}, real(u.figures.failed));
        emit({name, "cancelled"}, real(u.figures.cancelled));
    }
}

void emit_upstream_connects(const LoopFigures& all, const Emit& emit) {
    for (const auto& [name, u] : all.upstreams) {
        emit({name, "ok"}, real(u.figures.connected));
        emit({name, "failed"}, real(u.figures.unconnected));
    }
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
    add(names::kUpstreamRequests,
        [&census](const Emit& emit) { emit_upstream_requests(census.total(), emit); });
    add(names::kUpstreamConnects,
        [&census](const Emit& emit) { emit_upstream_connects(census.total(), emit); });
    add(names::kUpstreamRetries, [&census](const Emit& emit) {
        for (const auto& [name, u] : census.total().upstreams)
            emit({name, "stale"}, real(u.figures.retries));
    });
    using http::SiteFigures;
    add(names::kRequestsInFlight, each_listener(census, &SiteFigures::in_flight));
    add(names::kReceivedBytes, each_listener(census, &SiteFigures::received));
    add(names::kSentBytes, each_listener(census, &SiteFigures::sent));
    add(names::kConnectionsAccepted, each_listener(census, &SiteFigures::accepted));
    add(names::kConnectionsRefused,
        [&census](const Emit& emit) { emit_refused(census.total().listeners, emit); });
    add(names::kTlsHandshakes,
        [&census](const Emit& emit) { emit_handshakes(census.total().listeners, emit); });
    add(names::kRegistryNodes, [&s](const Emit& emit) {
        if (auto known = s.registry()) emit_nodes(*known, emit);
    });
    add(names::kRegistryProviderServices, [&s](const Emit& emit) {
        for (const registry::ProviderRow& p : rows_of(s)) emit({p.name}, real(p.services));
    });
    add(names::kRegistryProviderNodes, [&s](const Emit& emit) {
        for (const registry::ProviderRow& p : rows_of(s)) emit({p.name}, real(p.nodes));
    });
    add(names::kRegistryProviderState, [&s](const Emit& emit) { emit_states(rows_of(s), emit); });
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
