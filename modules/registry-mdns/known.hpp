// SPDX-License-Identifier: Apache-2.0
/// The nodes that others have told of, until their time is over. One thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "records.hpp"

namespace microhost::registry_mdns {

class Known {
  public:
    static constexpr size_t kMostNodes = 16384;
    static constexpr uint32_t kLongestTtl =
        4500;  // seconds; RFC 6762 section 10 knows none that is longer

    struct Reports {
        /// Name and version have these nodes now, as Micro's JSON.
        std::function<void(const std::string& json)> changed;
        /// There is none any more.
        std::function<void(const std::string& service, const std::string& version)> gone;
    };
    explicit Known(Reports reports) : reports_(std::move(reports)) {}

    enum class Outcome {
        fresh,    ///< it is new, or has changed
        same,     ///< it lives on
        refused,  ///< it is not Micro's
        full      ///< there are too many
    };
    /// A node at `ip`, told of under a name in `domain`. `service` becomes its service.
    Outcome take(const Found& f, const std::string& ip, std::string_view domain, uint64_t now_ms,
                 std::string& service);
    /// False when it was not known.
    bool forget(std::string_view instance);
    void forget_if(const std::function<bool(std::string_view instance)>& is);
    void clear();
    /// Lets go of what is over, and puts the services into `ask` whose nodes have to be asked for again.
    void age(uint64_t now_ms, std::set<std::string>& ask);
    /// Reports what has changed since the last time. Without `all`, services of many nodes wait: each report tells all of them.
    void flush(bool all);
    bool pending() const { return !changed_.empty(); }

    bool has(const std::string& service) const;
    size_t size() const { return rows_.size(); }

  private:
    struct Row {
        Node node;
        size_t texts = 0;  // a hash: what was unpacked once is not unpacked again
        uint64_t ttl_ms = 0, until_ms = 0;
        unsigned asked = 0;
    };
    using Group = std::pair<std::string, std::string>;  // service, version
    using Rows = std::map<std::string, Row>;
    static Group group_of(const Row& r) { return {r.node.service, r.node.version}; }
    void live(Row& r, uint32_t ttl, uint64_t now_ms);
    void drop(Rows::iterator it);

    Reports reports_;
    Rows rows_;  // by instance, folded
    std::map<Group, std::set<std::string>> groups_;
    std::set<Group> changed_;
};

}  // namespace microhost::registry_mdns
