// SPDX-License-Identifier: Apache-2.0
/// The merged table: what all providers say, as one snapshot for the loops. Control thread only.
#pragma once

#include "registry/snapshot.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace microhost::registry {

class Table;

/// A provider's door into the table. When the last feed of a provider goes, so do its nodes.
class Feed {
  public:
    Feed() = default;
    Feed(Feed&& other) noexcept;
    Feed& operator=(Feed&& other) noexcept;
    ~Feed();

    /// Adds the nodes of one service version, or replaces those with the same id. A service without
    /// nodes makes its name known (an in-process service). The same content again costs nothing.
    void upsert(const Service& service);
    /// Takes a node away; an empty id takes the entry without nodes away. Unknown ones are ignored.
    void withdraw(std::string_view service, std::string_view node_id);
    /// What one service version is now: its nodes that were told before and are not in `service` are
    /// taken away; one without nodes is gone. A `ttl` that is not 0 lets expire() forget it, unless it
    /// is told again. True if that changed anything.
    bool replace(const Service& service, std::chrono::seconds ttl = {});
    /// Takes away the nodes of a name that fit: empty fits all. True if there were any.
    bool remove(std::string_view service, std::string_view version, std::string_view node_id);
    /// Forgets what nobody told again within its ttl. True if there was anything.
    bool expire();
    /// Whatever has a ttl is as if it was told now.
    void renew();
    /// Starts telling everything anew: what is not upserted before synced() is withdrawn there.
    void resync();
    /// "I have told all that I know." Until every provider said so once the snapshot is not complete().
    void synced();
    /// The snapshot may be complete() without it.
    void wait_no_more();
    /// All that the provider says, whichever of its feeds told it; one element for each version.
    [[nodiscard]] std::vector<Service> services() const;
    struct Count {
        size_t services = 0, nodes = 0;  // of services: names with a version
    };

  private:
    friend class Table;
    Feed(Table& table, uint32_t provider, uint64_t opened);
    void close();
    [[nodiscard]] bool open() const;

    Table* table_ = nullptr;
    std::weak_ptr<void> alive_;  // a feed may outlive the table at shutdown
    uint32_t provider_ = 0;
    uint64_t opened_ = 0;  // a newer feed of the same provider makes this one inert
};

/// One service version changed. `service` is the state after the change; for `removed` the last one.
struct Delta {
    enum class Action { created, updated, removed } action;
    const Service* service;  // lent for the call
};

class Table {
  public:
    using Clock = std::function<TimePoint()>;
    /// Runs the function later in this thread, once: asio::post, or a test's list.
    using Defer = std::function<void(std::function<void()>)>;
    using OnChange = std::function<void(std::shared_ptr<const Snapshot>)>;
    using OnDelta = std::function<void(const Delta&)>;
    using Ticket = uint64_t;

    explicit Table(Defer defer, Clock clock = std::chrono::steady_clock::now);
    ~Table();
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    /// A provider comes. Of two that name the same node the higher `priority` wins, then the older.
    /// The name of a provider that is there already (a reloaded module) takes its nodes over: they
    /// stay until the new feed's synced(), so that a reload never empties the table. It was waited for
    /// already: the snapshot stays complete().
    [[nodiscard]] Feed open(std::string_view provider, int priority);

    /// Never null. All changes of one turn of the thread become one snapshot, at the end of the turn.
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }
    /// Called after each new snapshot, and at once with the present one. Post it to each loop; a loop
    /// posts the one that it lets go of back here, so that a large one is not freed on a request's time.
    Ticket on_change(OnChange listener);
    /// Called before on_change, once per service version that differs, sorted by name and version.
    Ticket watch(OnDelta watcher);
    void forget(Ticket ticket);

    /// Makes ServiceNodes::prepared, once per built service, in this thread. Set it before the first
    /// feed opens.
    void decorate(std::function<std::shared_ptr<const void>(const ServiceNodes&)> make) {
        decorate_ = std::move(make);
    }

    /// Providers that have a feed, in the order in which they came. Counted anew each time.
    struct Told {
        std::string_view provider;
        int priority = 0;
        bool synced = false;
        Feed::Count count;
    };
    [[nodiscard]] std::vector<Told> told() const;

    /// What the active health check of a node found; forgotten when the node goes.
    void set_healthy(std::string_view service, std::string_view node_id, bool healthy);
    /// Drops what is older than ten minutes from the list of vanished names; call it now and then.
    void sweep();

  private:
    friend class Feed;
    struct Provider;
    struct Record;
    struct Name;

    using Rank = std::tuple<int64_t, uint32_t, int64_t>;

    [[nodiscard]] bool holds(uint32_t provider, uint64_t opened) const;
    void upsert(uint32_t provider, const Service& service, std::chrono::seconds ttl = {});
    void put(uint32_t provider, Name& name, std::shared_ptr<const Service> head, const Node& node,
             std::chrono::seconds ttl);
    void withdraw(uint32_t provider, std::string_view service, std::string_view node_id);
    bool replace(uint32_t provider, const Service& service, std::chrono::seconds ttl);
    bool remove(uint32_t provider, std::string_view service, std::string_view version,
                std::string_view node_id);
    bool expire(uint32_t provider);
    void renew(uint32_t provider);
    [[nodiscard]] std::vector<Service> services_of(uint32_t provider) const;
    void withdraw_older(uint32_t provider);
    void close(uint32_t provider);
    void schedule();
    void flush();
    void rebuild(const std::string& name);
    [[nodiscard]] std::shared_ptr<ServiceNodes> build(const std::string& name, Name& of);
    void add_nodes(ServiceNodes& built, const std::vector<const Record*>& records, Name& of);
    void take_slots(ServiceNodes& built, const ServiceNodes* before);
    void release_slots(const ServiceNodes& before, const ServiceNodes* after);
    void compare(const ServiceNodes* before, const ServiceNodes* after);
    void remember(const std::string& name);
    void publish();
    [[nodiscard]] bool all_synced() const;
    [[nodiscard]] Rank rank(const Record& record) const;

    Defer defer_;
    Clock clock_;
    std::function<std::shared_ptr<const void>(const ServiceNodes&)> decorate_;
    std::shared_ptr<void> alive_;
    std::vector<Provider> providers_;
    std::map<std::string, Name, std::less<>> names_;
    std::set<std::string, std::less<>> dirty_;
    std::map<std::string, TimePoint, std::less<>> vanished_;
    std::map<Ticket, OnChange> listeners_;
    std::map<Ticket, OnDelta> watchers_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::vector<uint32_t> free_slots_;
    uint32_t slots_ = 0;
    uint32_t generation_ = 0;
    uint64_t counter_ = 0;  // epochs, sequence numbers, tickets
    bool scheduled_ = false;
};

}  // namespace microhost::registry
