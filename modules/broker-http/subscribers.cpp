// SPDX-License-Identifier: Apache-2.0
#include "subscribers.hpp"

#include <microhost/text.hpp>

#include <algorithm>
#include <set>

#include "message.hpp"

namespace microhost::broker_http {
namespace {

std::string_view value_of(const mh_node_view& n, std::string_view key) {
    for (uint32_t i = 0; i < n.n_metadata; ++i)
        if (mh::view(n.metadata[i].key) == key) return mh::view(n.metadata[i].val);
    return {};
}

struct Search {
    const mh_registry& registry;
    const mh_registry_view* view;
    std::string_view topic;
    const std::function<bool(std::string_view)>& ours;
    Subscribers found;
    std::set<std::string, std::less<>> seen;  // addresses

    /// Entries are sorted by name, and there may be thousands.
    uint32_t first_of(std::string_view name) const {
        uint32_t low = 0, high = registry.count(view);
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (mh::view(registry.name(registry.at(view, middle))) < name)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// `named`: the name says the topic, so the node need not.
    void under(std::string_view name, bool named) {
        for (uint32_t i = first_of(name); i < registry.count(view); ++i) {
            const mh_service_view* s = registry.at(view, i);
            if (mh::view(registry.name(s)) != name) return;
            for (uint32_t n = 0; n < registry.node_count(s); ++n) {
                mh_node_view node{};
                node.size = sizeof node;
                if (registry.node_at(s, n, &node) != MH_OK) continue;
                const std::string_view said = value_of(node, "topic");
                if (said.empty() ? !named : said != topic) continue;
                add(mh::view(registry.version(s)), node);
            }
        }
    }

    void add(std::string_view version, const mh_node_view& node) {
        const std::string_view id = mh::view(node.id), address = mh::view(node.address);
        if (address.empty() || ours(id) || !seen.emplace(address).second) return;
        Node made{std::string(id), std::string(address), value_of(node, "secure") == "true"};
        if (version == kBroadcast) return found.all.push_back(std::move(made));
        auto queue = std::find_if(found.queues.begin(), found.queues.end(),
                                  [&](const Queue& q) { return q.name == version; });
        if (queue == found.queues.end())
            queue = found.queues.insert(queue, {std::string(version), {}});
        queue->nodes.push_back(std::move(made));
    }
};

}  // namespace

Subscribers subscribers_of(const mh_registry& registry, const mh_registry_view* view,
                           std::string_view topic,
                           const std::function<bool(std::string_view)>& ours) {
    Search s{registry, view, topic, ours, {}, {}};
    s.under(kService, false);
    s.under(topic,
            false);  // that may be a service's name, too: nodes that carry no topic are its own
    s.under("topic:" + std::string(topic), true);
    return std::move(s.found);
}

}  // namespace microhost::broker_http
