// SPDX-License-Identifier: Apache-2.0
// What providers that tell whole versions, with or without a time to live, need of the table.
#include "registry/table_records.hpp"

#include <utility>

namespace microhost::registry {
namespace {

bool lists(const Service& service, std::string_view id) {
    return std::any_of(service.nodes.begin(), service.nodes.end(),
                       [&](const Node& n) { return n.id == id; });
}

}  // namespace

bool Table::replace(uint32_t provider, const Service& service, std::chrono::seconds ttl) {
    const uint64_t before = counter_;
    bool changed = false;
    if (auto found = names_.find(service.name); found != names_.end()) {
        changed = found->second.erase_if([&](const Record& r) {
            return r.provider == provider && r.head->version == service.version &&
                   !lists(service, r.node.id);
        });
        if (changed) dirty_.insert(found->first);
    }
    if (!service.nodes.empty()) upsert(provider, service, ttl);
    if (changed) schedule();
    return changed || counter_ != before;  // each record that is new or different takes a number
}

bool Table::remove(uint32_t provider, std::string_view service, std::string_view version,
                   std::string_view node_id) {
    auto found = names_.find(service);
    if (found == names_.end()) return false;
    const bool any = found->second.erase_if([&](const Record& r) {
        return r.provider == provider && (version.empty() || r.head->version == version) &&
               (node_id.empty() || r.node.id == node_id);
    });
    if (!any) return false;
    dirty_.insert(found->first);
    schedule();
    return true;
}

bool Table::expire(uint32_t provider) {
    const TimePoint now = clock_();
    Provider& p = providers_[provider];
    if (now < p.next_end) return false;
    p.next_end = TimePoint::max();
    bool any = false;
    auto over = [&](const Record& r) {
        if (r.provider != provider) return false;
        if (r.ends <= now) return true;
        p.next_end = std::min(p.next_end, r.ends);
        return false;
    };
    for (auto& [name, of] : names_) {
        if (!of.erase_if(over)) continue;
        dirty_.insert(name);
        any = true;
    }
    if (any) schedule();
    return any;
}

void Table::renew(uint32_t provider) {
    const TimePoint now = clock_();
    for (auto& [name, of] : names_)
        for (auto& [id, records] : of.nodes)
            for (Record& r : records)
                if (r.provider == provider && r.ttl.count() > 0) r.ends = now + r.ttl;
}

std::vector<Service> Table::services_of(uint32_t provider) const {
    std::vector<Service> out;
    for (const auto& [name, of] : names_) {
        std::map<std::string_view, Service> versions;
        for (const auto& [id, records] : of.nodes) {
            for (const Record& r : records) {
                if (r.provider != provider || id.empty()) continue;
                auto [at, fresh] = versions.try_emplace(r.head->version);
                if (fresh) at->second = *r.head;
                at->second.nodes.push_back(r.node);
            }
        }
        for (auto& [version, service] : versions) out.push_back(std::move(service));
    }
    return out;
}

std::vector<Table::Told> Table::told() const {
    std::vector<Told> out;
    for (const Provider& p : providers_) out.push_back({p.name, p.priority, p.synced, {}});
    std::set<std::pair<uint32_t, std::string_view>> versions;
    for (const auto& [name, of] : names_) {
        versions.clear();
        for (const auto& [id, records] : of.nodes) {
            for (const Record& r : records) {
                Feed::Count& count = out[r.provider].count;
                if (versions.emplace(r.provider, r.head->version).second) ++count.services;
                if (!id.empty()) ++count.nodes;
            }
        }
    }
    for (size_t i = providers_.size(); i-- > 0;)
        if (providers_[i].opened == 0) out.erase(out.begin() + static_cast<ptrdiff_t>(i));
    return out;
}

}  // namespace microhost::registry
