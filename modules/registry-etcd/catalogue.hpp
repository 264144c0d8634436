// SPDX-License-Identifier: Apache-2.0
/// What etcd's keys say, put together to services: one name and version with all its nodes. Tells only what changed.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace microhost::registry_etcd {

class Catalogue {
  public:
    struct Hooks {
        /// Answers MH_E_INVALID for what the host does not take as a service, MH_E_BUSY when it has no room now.
        std::function<mh_status(const std::string& service_json)> upsert;
        std::function<mh_status(std::string_view name, std::string_view version)> remove;
        std::function<void(const std::string& text)> warn;
    };
    explicit Catalogue(Hooks hooks) : hooks_(std::move(hooks)) {}

    void put(std::string_view key, std::string_view value, int64_t mod_revision);
    void erase(std::string_view key);
    /// A list of all keys that begin with `folder` comes, in any number of puts; what was not in it is erased at its end.
    void begin_list(std::string_view folder);
    void end_list(std::string_view folder);
    /// Tells what has changed since the last time. What the host had no room for comes with the next call.
    void flush();

    /// Keys that begin with `folder`, those that say nothing usable too.
    size_t count(std::string_view folder) const;
    bool holds(std::string_view key, std::string_view value) const;

  private:
    using Which = std::pair<std::string, std::string>;  // name and version
    struct Node {
        std::string id, json;
        std::shared_ptr<const std::string> head;  ///< metadata and endpoints: few, shared by many
        int64_t mod_revision = 0;
        bool pending = true;  ///< the host has not taken it yet
    };
    struct Group {
        std::map<std::string, Node, std::less<>> nodes;  // by key
        std::vector<std::string> refused;                // keys that are held back
        size_t said = 0;                                 ///< hash of what the host has, 0: nothing
        bool dirty = false, lost = false;
    };
    struct Entry {
        Which which;
        size_t hash = 0;     ///< of the value
        bool listed = true;  ///< by the list that comes, or by a change since it began
        bool usable = false;
    };
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };

    void leave(std::string_view key, const Entry& e);
    void join(std::string_view key, Entry& e, std::string_view value, int64_t mod_revision);
    std::shared_ptr<const std::string> head_of(const Group& g, std::string_view value) const;
    void send(const Which& which, Group& g);
    bool say(const Which& which, Group& g);
    void find_refused(const Which& which, Group& g);
    std::string compose(const Which& which, const Group& g) const;
    void complain(std::string_view key, std::string_view why);

    Hooks hooks_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
    std::map<Which, Group> groups_;
    unsigned complaints_ = 0;
};

}  // namespace microhost::registry_etcd
