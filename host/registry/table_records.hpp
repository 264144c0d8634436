// SPDX-License-Identifier: Apache-2.0
/// What the table keeps per provider, per name and per node; private to table*.cpp.
#pragma once

#include "registry/table.hpp"

#include <algorithm>

namespace microhost::registry {

struct Table::Provider {
    std::string name;
    int priority = 0;
    uint64_t opened = 0;                    // 0: no feed
    uint64_t epoch = 0;                     // of the telling that is under way
    bool synced = false;                    // once; or nobody waits for it
    TimePoint next_end = TimePoint::max();  // no record ends before it
};

/// One node as one provider told it. `node` without id: the service alone.
struct Table::Record {
    uint32_t provider;
    uint64_t epoch;
    uint64_t sequence;
    std::shared_ptr<const Service> head;  // without nodes; shared by the nodes told together
    Node node;
    std::chrono::seconds ttl{0};
    TimePoint ends = TimePoint::max();
};

struct Table::Name {
    std::map<std::string, std::vector<Record>, std::less<>> nodes;  // id -> one per provider
    std::set<std::string, std::less<>> unhealthy;                   // node ids
    std::shared_ptr<const ServiceNodes> current;
    bool changed = false;

    /// Takes away the records that `gone` accepts; true if there were any.
    template <class Predicate>
    bool erase_if(Predicate gone) {
        size_t count = 0;
        for (auto& [id, records] : nodes) count += std::erase_if(records, gone);
        std::erase_if(nodes, [](const auto& node) { return node.second.empty(); });
        return count != 0;
    }
};

}  // namespace microhost::registry
