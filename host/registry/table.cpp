// SPDX-License-Identifier: Apache-2.0
#include "registry/table.hpp"

#include "registry/table_records.hpp"

#include <algorithm>
#include <utility>

namespace microhost::registry {
namespace {

constexpr auto kRemembered = std::chrono::minutes(10);
constexpr size_t kMostVanished = 1024;  // a crash loop with random names must not grow the host

}  // namespace

Table::Table(Defer defer, Clock clock)
    : defer_(std::move(defer)),
      clock_(std::move(clock)),
      alive_(std::make_shared<char>()),
      snapshot_(std::make_shared<Snapshot>()) {}

Table::~Table() = default;

Feed Table::open(std::string_view provider, int priority) {
    auto same = [&](const Provider& p) { return p.name == provider; };
    auto found = std::find_if(providers_.begin(), providers_.end(), same);
    if (found == providers_.end()) {
        providers_.push_back({.name = std::string(provider)});
        found = providers_.end() - 1;
    }
    if (found->priority != priority) {
        found->priority = priority;
        for (auto& [name, of] : names_) dirty_.insert(name);
    }
    if (found->opened == 0) found->synced = false;  // else it takes over
    found->opened = ++counter_;
    found->epoch = ++counter_;
    schedule();
    return {*this, static_cast<uint32_t>(found - providers_.begin()), found->opened};
}

Table::Ticket Table::on_change(OnChange listener) {
    const Ticket ticket = ++counter_;
    auto& kept = listeners_.emplace(ticket, std::move(listener)).first->second;
    auto call = kept;  // it may forget itself
    call(snapshot_);
    return ticket;
}

Table::Ticket Table::watch(OnDelta watcher) {
    const Ticket ticket = ++counter_;
    watchers_.emplace(ticket, std::move(watcher));
    return ticket;
}

void Table::forget(Ticket ticket) {
    listeners_.erase(ticket);
    watchers_.erase(ticket);
}

void Table::set_healthy(std::string_view service, std::string_view node_id, bool healthy) {
    auto found = names_.find(service);
    if (found == names_.end() || !found->second.nodes.contains(node_id)) return;
    auto& unhealthy = found->second.unhealthy;
    auto at = unhealthy.find(node_id);
    if (healthy == (at == unhealthy.end())) return;
    if (healthy) {
        unhealthy.erase(at);
    } else {
        unhealthy.emplace(node_id);
    }
    dirty_.insert(found->first);
    schedule();
}

bool Table::holds(uint32_t provider, uint64_t opened) const {
    return providers_[provider].opened == opened;
}

void Table::upsert(uint32_t provider, const Service& service, std::chrono::seconds ttl) {
    auto head = std::make_shared<Service>(
        Service{service.name, service.version, service.metadata, service.endpoints, {}});
    auto found = names_.try_emplace(service.name).first;
    if (service.nodes.empty()) put(provider, found->second, head, Node{}, ttl);
    for (const Node& node : service.nodes) put(provider, found->second, head, node, ttl);
    if (found->second.changed) {
        dirty_.insert(found->first);
        schedule();
    }
}

void Table::put(uint32_t provider, Name& name, std::shared_ptr<const Service> head,
                const Node& node, std::chrono::seconds ttl) {
    const uint64_t epoch = providers_[provider].epoch;
    const TimePoint ends = ttl.count() > 0 ? clock_() + ttl : TimePoint::max();
    providers_[provider].next_end = std::min(providers_[provider].next_end, ends);
    auto& records = name.nodes[node.id];
    auto record = std::find_if(records.begin(), records.end(),
                               [&](const Record& r) { return r.provider == provider; });
    if (record == records.end()) {
        records.push_back({provider, epoch, ++counter_, std::move(head), node, ttl, ends});
    } else {
        record->epoch = epoch;
        record->ttl = ttl;
        record->ends = ends;
        if (record->node == node && *record->head == *head) return;
        *record = {provider, epoch, ++counter_, std::move(head), node, ttl, ends};
    }
    name.changed = true;
}

void Table::withdraw(uint32_t provider, std::string_view service, std::string_view node_id) {
    auto name = names_.find(service);
    if (name == names_.end()) return;
    auto node = name->second.nodes.find(node_id);
    if (node == name->second.nodes.end()) return;
    auto ours = [&](const Record& r) { return r.provider == provider; };
    if (std::erase_if(node->second, ours) == 0) return;
    if (node->second.empty()) name->second.nodes.erase(node);
    dirty_.insert(name->first);
    schedule();
}

void Table::withdraw_older(uint32_t provider) {
    const uint64_t epoch = providers_[provider].epoch;
    auto stale = [&](const Record& r) { return r.provider == provider && r.epoch < epoch; };
    for (auto& [name, of] : names_) {
        if (of.erase_if(stale)) dirty_.insert(name);
    }
}

void Table::close(uint32_t provider) {
    providers_[provider].epoch = ++counter_;
    providers_[provider].opened = 0;
    providers_[provider].synced = true;  // nobody waits for it any more
    withdraw_older(provider);
    schedule();
}

bool Table::all_synced() const {
    return !providers_.empty() &&
           std::all_of(providers_.begin(), providers_.end(), [](auto& p) { return p.synced; });
}

void Table::schedule() {
    if (std::exchange(scheduled_, true)) return;
    defer_([this, alive = std::weak_ptr<void>(alive_)] {
        if (!alive.expired()) flush();
    });
}

void Table::sweep() {
    const TimePoint now = clock_();
    if (std::erase_if(vanished_, [&](auto& v) { return v.second <= now; }) != 0) publish();
}

void Table::remember(const std::string& name) {
    if (vanished_.size() >= kMostVanished) {
        auto sooner = [](auto& a, auto& b) { return a.second < b.second; };
        vanished_.erase(std::min_element(vanished_.begin(), vanished_.end(), sooner));
    }
    vanished_[name] = clock_() + kRemembered;
}

void Table::flush() {
    scheduled_ = false;
    const bool completeness = all_synced() != snapshot_->complete();
    const auto dirty = std::exchange(dirty_, {});
    for (const std::string& name : dirty) rebuild(name);
    if (completeness || !dirty.empty()) publish();
}

void Table::rebuild(const std::string& name) {
    auto found = names_.find(name);
    if (found == names_.end())
        return;  // a watcher changed it again, and it went with the first turn
    Name& of = found->second;
    of.changed = false;
    const std::shared_ptr<const ServiceNodes> before = of.current;
    const std::shared_ptr<const ServiceNodes> after = of.nodes.empty() ? nullptr : build(name, of);
    of.current = after;
    if (before) release_slots(*before, after.get());
    if (after) {
        vanished_.erase(name);
    } else {
        names_.erase(found);
        if (before) remember(name);
    }
    compare(before.get(), after.get());
}

void Table::publish() {
    Snapshot::Services services;
    services.reserve(names_.size());
    for (const auto& [name, of] : names_) {
        if (of.current) services.push_back(of.current);
    }
    std::vector<Vanished> vanished;
    vanished.reserve(vanished_.size());
    for (const auto& [name, until] : vanished_) vanished.push_back({name, until});
    snapshot_ = std::make_shared<Snapshot>(std::move(services), std::move(vanished), slots_,
                                           snapshot_->revision() + 1, all_synced());
    for (auto& [ticket, listener] : std::map(listeners_)) {
        if (listeners_.contains(ticket)) listener(snapshot_);
    }
}

}  // namespace microhost::registry
