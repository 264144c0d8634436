// SPDX-License-Identifier: Apache-2.0
#include "registry/selector.hpp"

#include <algorithm>

namespace microhost::registry {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint32_t kFew = 4;

bool has_labels(const Node& node, const Filters& filters) {
    return std::all_of(filters.labels.begin(), filters.labels.end(), [&](const auto& label) {
        return get(node.metadata, label.first) == label.second;
    });
}

}  // namespace

void Selector::adopt(const Snapshot& snapshot) {
    if (nodes_.size() >= snapshot.slots()) return;
    nodes_.resize(snapshot.slots());
    services_.resize(snapshot.slots());
}

NodeState& Selector::state_of(const LiveNode& node) {
    if (node.slot >= nodes_.size()) nodes_.resize(node.slot + 1);  // adopt() was forgotten
    NodeState& state = nodes_[node.slot];
    if (state.generation != node.generation) state = NodeState{.generation = node.generation};
    return state;
}

const NodeState* Selector::state(const LiveNode& node) const noexcept {
    if (node.slot >= nodes_.size()) return nullptr;
    const NodeState& state = nodes_[node.slot];
    return state.generation == node.generation ? &state : nullptr;
}

/// splitmix64 (Steele, Lea, Flood 2014), then a multiplication in place of a division (Lemire 2019).
uint32_t Selector::random_below(uint32_t limit) noexcept {
    uint64_t z = (random_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    z ^= z >> 31U;
    return static_cast<uint32_t>(((z >> 32U) * limit) >> 32U);
}

Pick Selector::pick(const ServiceNodes& service, TimePoint now, const Filters& filters,
                    Strategy strategy) {
    const auto count = static_cast<uint32_t>(service.callable_count);
    if (count == 0) return {};
    if (service.slot >= services_.size()) services_.resize(service.slot + 1);
    const bool restricted = !filters.version.empty() || !filters.labels.empty() ||
                            filters.avoid != kNoSlot || !service.all_healthy ||
                            now < services_[service.slot].ejected_until;
    uint32_t chosen = kNone;
    if (!restricted) {
        chosen = choose_fast(service, count, strategy);
    } else {
        for (Care care : {Care::all, Care::no_avoid, Care::none}) {
            chosen = choose_careful(service, now, filters, strategy, care);
            if (chosen != kNone) break;
        }
    }
    if (chosen == kNone) return {};
    const LiveNode& node = service.nodes[chosen];
    ++state_of(node).outstanding;
    return {&node, node.slot, node.generation};
}

uint32_t Selector::choose_fast(const ServiceNodes& service, uint32_t count, Strategy strategy) {
    if (strategy == Strategy::round_robin) return services_[service.slot].turn++ % count;
    const uint32_t first = random_below(count);
    if (strategy == Strategy::random || count == 1) return first;
    if (count <= kFew) return least_loaded_of_few(service, count, first);
    uint32_t second = random_below(count - 1);
    if (second >= first) ++second;
    const bool first_is_busier =
        state_of(service.nodes[first]).outstanding > state_of(service.nodes[second]).outstanding;
    return first_is_busier ? second : first;
}

/// Two random ones of a few would be the slow one and a busy one too often: all are compared. The first of equal ones.
uint32_t Selector::least_loaded_of_few(const ServiceNodes& service, uint32_t count,
                                       uint32_t first) {
    uint32_t best = first;
    uint32_t least = state_of(service.nodes[first]).outstanding;
    for (uint32_t i = 1; i < count && least > 0; ++i) {
        const uint32_t at = first + i < count ? first + i : first + i - count;
        const uint32_t load = state_of(service.nodes[at]).outstanding;
        if (load >= least) continue;
        best = at;
        least = load;
    }
    return best;
}

bool Selector::usable(const LiveNode& node, const ServiceNodes& service, const Filters& filters,
                      TimePoint now, Care care) {
    if (!filters.version.empty() && service.versions[node.version].version != filters.version) {
        return false;
    }
    if (!has_labels(node.node, filters)) return false;
    if (care == Care::none) return true;
    if (care == Care::all && node.slot == filters.avoid) return false;
    return node.healthy && !state_of(node).ejected(now);
}

/// One pass over the nodes. Reservoir sampling: each usable node is equally likely to be `first` or
/// `second`, and no list of them is needed.
uint32_t Selector::choose_careful(const ServiceNodes& service, TimePoint now,
                                  const Filters& filters, Strategy strategy, Care care) {
    const auto count = static_cast<uint32_t>(service.callable_count);
    if (strategy == Strategy::round_robin) {
        uint32_t& turn = services_[service.slot].turn;
        for (uint32_t i = 0; i < count; ++i) {
            const uint32_t at = (turn + i) % count;
            if (!usable(service.nodes[at], service, filters, now, care)) continue;
            turn = at + 1;
            return at;
        }
        return kNone;
    }
    uint32_t first = kNone;
    uint32_t second = kNone;
    uint32_t seen = 0;
    for (uint32_t at = 0; at < count; ++at) {
        if (!usable(service.nodes[at], service, filters, now, care)) continue;
        const uint32_t place = random_below(++seen);
        if (seen == 1) {
            first = at;
        } else if (seen == 2) {
            second = at;
            if (place == 0) std::swap(first, second);
        } else if (place == 0) {
            first = at;
        } else if (place == 1) {
            second = at;
        }
    }
    if (second == kNone || strategy == Strategy::random) return first;
    const bool first_is_busier =
        state_of(service.nodes[first]).outstanding > state_of(service.nodes[second]).outstanding;
    return first_is_busier ? second : first;
}

void Selector::report(const Pick& pick, const ServiceNodes* service, Outcome outcome,
                      std::chrono::nanoseconds latency, TimePoint now) {
    if (pick.slot >= nodes_.size()) return;
    NodeState& state = nodes_[pick.slot];
    if (state.generation != pick.generation) return;  // the node went, its slot is another's
    if (state.outstanding > 0) --state.outstanding;
    if (outcome == Outcome::cancelled) return;
    if (outcome != Outcome::success) {
        fail(state, service, now);
        return;
    }
    state.failures = 0;
    state.latency += state.latency.count() == 0 ? latency : (latency - state.latency) / 8;
    // It has been back for as long as it was away: the next ejection is a first one again.
    const bool steady =
        state.ejections > 0 && now >= state.ejected_until + ejection_time(state.ejections - 1);
    if (steady) state.ejections = 0;
}

std::chrono::milliseconds Selector::ejection_time(uint32_t before) const noexcept {
    const auto doubled = limits_.first_ejection * (1U << std::min(before, 16U));
    return std::min<std::chrono::milliseconds>(doubled, limits_.longest_ejection);
}

/// A node that comes back from an ejection keeps its failures, so one more ejects it again, for
/// twice the time; the first success clears them.
void Selector::fail(NodeState& state, const ServiceNodes* service, TimePoint now) {
    ++state.failures;
    const bool enough = limits_.failures != 0 && state.failures >= limits_.failures;
    if (!enough || state.ejected(now) || service == nullptr || !may_eject(*service, now)) return;
    state.ejected_until = now + ejection_time(state.ejections);
    ++state.ejections;
    if (service->slot >= services_.size()) services_.resize(service->slot + 1);
    TimePoint& latest = services_[service->slot].ejected_until;
    latest = std::max(latest, state.ejected_until);
}

bool Selector::may_eject(const ServiceNodes& service, TimePoint now) {
    size_t ejected = 1;
    for (const LiveNode& node : service.callable()) {
        const NodeState* known = state(node);
        if (known != nullptr && known->ejected(now)) ++ejected;
    }
    return ejected * 100 <= service.callable_count * limits_.ejected_percent;
}

}  // namespace microhost::registry
