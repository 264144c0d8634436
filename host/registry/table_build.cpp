// SPDX-License-Identifier: Apache-2.0
// From the records of a name to its ServiceNodes, and what changed between two of them.
#include "registry/table_records.hpp"

#include <unordered_map>

namespace microhost::registry {
namespace {

/// The nodes of a service by id: the same node is the one with the same id and address.
class NodesById {
  public:
    explicit NodesById(const ServiceNodes* in) {
        if (in == nullptr) return;
        nodes_.reserve(in->nodes.size());
        for (const LiveNode& n : in->nodes) nodes_.emplace(n.node.id, &n);
    }
    [[nodiscard]] const LiveNode* same(const Node& wanted) const {
        auto found = nodes_.find(wanted.id);
        const bool is = found != nodes_.end() && found->second->node.address == wanted.address;
        return is ? found->second : nullptr;
    }

  private:
    std::unordered_map<std::string_view, const LiveNode*> nodes_;
};

const Service* same_version(const ServiceNodes* in, std::string_view version) {
    if (in == nullptr) return nullptr;
    for (const Service& s : in->versions) {
        if (s.version == version) return &s;
    }
    return nullptr;
}

/// In-process nodes have no address: whoever calls them does not ask the selector.
bool takes_calls(const LiveNode& n) { return !n.node.is_broker() && !n.node.address.empty(); }

LiveNode live(const Node& node, uint32_t version, bool healthy) {
    LiveNode out;
    out.version = version;
    out.protocol = node.protocol();
    out.healthy = healthy;
    // Providers check addresses; one that did not gives a node that nobody can reach.
    if (auto address = parse_local_address(node.address)) out.address = std::move(*address);
    out.node = node;
    return out;
}

}  // namespace

std::shared_ptr<ServiceNodes> Table::build(const std::string& name, Name& of) {
    std::map<std::string_view, const Record*>
        versions;                      // of each version the schema of its best record
    std::vector<const Record*> nodes;  // of each node id the best record
    for (const auto& [id, records] : of.nodes) {
        const Record* best = nullptr;
        for (const Record& r : records) {
            if (best == nullptr || rank(r) < rank(*best)) best = &r;
        }
        if (!id.empty()) nodes.push_back(best);
        const Record*& head = versions[best->head->version];
        if (head == nullptr || rank(*best) < rank(*head)) head = best;
    }
    auto built = std::make_shared<ServiceNodes>();
    built->name = name;
    for (const auto& [version, best] : versions) built->versions.push_back(*best->head);
    add_nodes(*built, nodes, of);
    take_slots(*built, of.current.get());
    if (decorate_) built->prepared = decorate_(*built);
    return built;
}

/// Lower is better: priority, then the older provider, then the newest telling.
Table::Rank Table::rank(const Record& r) const {
    return {-static_cast<int64_t>(providers_[r.provider].priority), r.provider,
            -static_cast<int64_t>(r.sequence)};
}

void Table::add_nodes(ServiceNodes& built, const std::vector<const Record*>& records, Name& of) {
    std::unordered_map<std::string_view, uint32_t> index;
    for (uint32_t v = 0; v < built.versions.size(); ++v) index[built.versions[v].version] = v;
    for (const Record* r : records) {
        const uint32_t v = index[r->head->version];
        built.versions[v].nodes.push_back(r->node);
        built.nodes.push_back(live(r->node, v, !of.unhealthy.contains(r->node.id)));
    }
    std::erase_if(of.unhealthy, [&](const std::string& id) { return !of.nodes.contains(id); });
    auto calls_end = std::stable_partition(
        built.nodes.begin(), built.nodes.end(),
        [this](const LiveNode& n) { return takes_calls(n) && !own_.contains(n.node.id); });
    built.callable_count = static_cast<size_t>(calls_end - built.nodes.begin());
    built.all_healthy =
        std::all_of(built.nodes.begin(), calls_end, [](const LiveNode& n) { return n.healthy; });
}

void Table::take_slots(ServiceNodes& built, const ServiceNodes* before) {
    auto take = [this] {
        if (free_slots_.empty()) return slots_++;
        const uint32_t slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    };
    built.slot = before != nullptr ? before->slot : take();
    const NodesById known(before);
    for (LiveNode& n : built.nodes) {
        const LiveNode* same = known.same(n.node);
        n.slot = same != nullptr ? same->slot : take();
        n.generation = same != nullptr ? same->generation : ++generation_;
    }
}

void Table::release_slots(const ServiceNodes& before, const ServiceNodes* after) {
    if (after == nullptr) free_slots_.push_back(before.slot);
    const NodesById kept(after);
    for (const LiveNode& n : before.nodes) {
        if (kept.same(n.node) == nullptr) free_slots_.push_back(n.slot);
    }
}

void Table::compare(const ServiceNodes* before, const ServiceNodes* after) {
    if (watchers_.empty()) return;
    auto tell = [&](Delta delta) {
        for (auto& [ticket, watcher] : std::map(watchers_)) {
            if (watchers_.contains(ticket)) watcher(delta);
        }
    };
    if (before != nullptr) {
        for (const Service& s : before->versions) {
            if (same_version(after, s.version) == nullptr) tell({Delta::Action::removed, &s});
        }
    }
    if (after == nullptr) return;
    for (const Service& s : after->versions) {
        const Service* old = same_version(before, s.version);
        if (old == nullptr) {
            tell({Delta::Action::created, &s});
        } else if (*old != s) {
            tell({Delta::Action::updated, &s});
        }
    }
}

}  // namespace microhost::registry
