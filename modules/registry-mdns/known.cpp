// SPDX-License-Identifier: Apache-2.0
#include "known.hpp"

#include <algorithm>

#include "txt.hpp"

namespace microhost::registry_mdns {
namespace {

// In hundredths of its time to live a node is asked for again (RFC 6762 section 5.2).
constexpr uint64_t kAskAt[] = {80, 85, 90, 95};

constexpr size_t kMany = 64;

size_t hash_of(const std::vector<std::string>& texts) {
    size_t h = texts.size();
    for (const std::string& t : texts) h = h * 31 + std::hash<std::string>{}(t);
    return h;
}

/// The rest of the node, and whether its name is the one under which it was told of.
bool unpack(const Found& f, std::string_view domain, Node& out) {
    const auto json = decode_txt(*f.texts);
    if (!json || !read_txt(*json, out)) return false;
    const auto id = before(f.instance, name_of(out.service) + "." + std::string(domain));
    if (!id) return false;
    out.id = text_of(*id);
    return is_clean_name(out.id);
}

}  // namespace

void Known::live(Row& r, uint32_t ttl, uint64_t now_ms) {
    r.ttl_ms = uint64_t{std::min(ttl, kLongestTtl)} * 1000;
    r.until_ms = now_ms + r.ttl_ms;
    r.asked = 0;
}

Known::Outcome Known::take(const Found& f, const std::string& ip, std::string_view domain,
                           uint64_t now_ms, std::string& service) {
    const std::string key = folded(f.instance);
    const size_t texts = hash_of(*f.texts);
    auto it = rows_.find(key);
    if (it != rows_.end() && it->second.texts == texts && it->second.node.ip == ip &&
        it->second.node.port == f.port) {
        live(it->second, f.ttl, now_ms);
        service = it->second.node.service;
        return Outcome::same;
    }
    if (it == rows_.end() && rows_.size() >= kMostNodes) return Outcome::full;
    Node node;
    if (!unpack(f, domain, node)) return Outcome::refused;
    node.ip = ip;
    node.port = f.port;
    service = node.service;
    if (it != rows_.end()) drop(it);
    Row& row = rows_[key];
    row.node = std::move(node);
    row.texts = texts;
    live(row, f.ttl, now_ms);
    groups_[group_of(row)].insert(key);
    changed_.insert(group_of(row));
    return Outcome::fresh;
}

void Known::drop(Rows::iterator it) {
    const Group group = group_of(it->second);
    changed_.insert(group);
    if (const auto g = groups_.find(group); g != groups_.end()) {
        g->second.erase(it->first);
        if (g->second.empty()) groups_.erase(g);
    }
    rows_.erase(it);
}

bool Known::forget(std::string_view instance) {
    const auto it = rows_.find(folded(instance));
    if (it == rows_.end()) return false;
    drop(it);
    return true;
}

void Known::forget_if(const std::function<bool(std::string_view instance)>& is) {
    for (auto it = rows_.begin(); it != rows_.end();) {
        const auto here = it++;
        if (is(here->first)) drop(here);
    }
}

void Known::clear() {
    rows_.clear();
    groups_.clear();
    changed_.clear();
}

void Known::age(uint64_t now_ms, std::set<std::string>& ask) {
    for (auto it = rows_.begin(); it != rows_.end();) {
        const auto here = it++;
        Row& r = here->second;
        if (now_ms >= r.until_ms) {
            drop(here);
            continue;
        }
        const uint64_t lived = r.ttl_ms - (r.until_ms - now_ms);
        bool due = false;
        while (r.asked < std::size(kAskAt) && lived * 100 >= r.ttl_ms * kAskAt[r.asked]) {
            r.asked++;
            due = true;
        }
        if (due) ask.insert(r.node.service);
    }
}

void Known::flush(bool all) {
    for (const Group& group : std::exchange(changed_, {})) {
        const auto g = groups_.find(group);
        if (!all && g != groups_.end() && g->second.size() > kMany) {
            changed_.insert(group);
            continue;
        }
        if (g == groups_.end()) {
            reports_.gone(group.first, group.second);
            continue;
        }
        std::vector<const Node*> nodes;
        std::set<std::string_view> ids;  // a node may be told of in several domains
        for (const std::string& key : g->second) {
            const Node& n = rows_.find(key)->second.node;
            if (ids.insert(n.id).second) nodes.push_back(&n);
        }
        reports_.changed(service_json(nodes));
    }
}

bool Known::has(const std::string& service) const {
    const auto g = groups_.lower_bound({service, ""});
    return g != groups_.end() && g->first.first == service;
}

}  // namespace microhost::registry_mdns
