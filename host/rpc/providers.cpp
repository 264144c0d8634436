// SPDX-License-Identifier: Apache-2.0
#include "rpc/providers.hpp"

#include <algorithm>
#include <utility>

#include "loop/loop.hpp"
#include "module/generation.hpp"
#include "rpc/abi_registry_provider.hpp"

namespace microhost::rpc {
namespace {

constexpr uint64_t kTickMs = 1000, kTickWaitingMs = 50;

}  // namespace

/// One generation's provider, from its start() to its stop().
struct Providers::Telling {
    const mh_registry_provider* provider = nullptr;  // null: nobody
    module::Generation* generation = nullptr;
    std::shared_ptr<ReportDoor> door;
    bool started = false;

    bool is(const module::Contribution& c) const {
        return provider == c.descriptor && generation == c.generation;
    }
    module::HostSide& side() const { return generation->side(); }

    /// Empty, or why not.
    std::string start() {
        module::take_report(side());
        const mh_status s = module::guarded(side(), "registry.start", mh_status{MH_E_PANIC},
                                            [&] { return provider->start(provider->user); });
        started = s >= MH_OK;
        if (started) return {};
        std::string why = module::take_report(side());
        return why.empty() ? "its start() answered " + module::status_name(s) : why;
    }
    void announce(const Announcement& a, log::Domain log) const {
        if (!started || !MH_FIELD_OK(provider, announce)) return;
        module::take_report(side());
        const std::string json = a.json_in(provider->name);
        const mh_status s = module::guarded(
            side(), "registry.announce", mh_status{MH_E_PANIC},
            [&] { return provider->announce(provider->user, a.key, module::lend(json), a.ttl_s); });
        if (s >= MH_OK) return;
        std::string why = module::take_report(side());
        if (why.empty()) why = module::status_name(s);
        log.error(fmt::format("registry {} does not announce node {} of {}: {}", provider->name,
                              a.node_id, a.service, why));
    }
    bool can_look_up() const { return started && MH_FIELD_OK(provider, look_up); }
    void look_up(std::string_view name) const {
        if (!can_look_up()) return;
        module::guarded(side(), "registry.look_up",
                        [&] { provider->look_up(provider->user, module::lend(name)); });
    }
    void withdraw(uint64_t key) const {
        if (!started || !MH_FIELD_OK(provider, withdraw)) return;
        module::guarded(side(), "registry.withdraw",
                        [&] { provider->withdraw(provider->user, key); });
    }
    void end() {
        if (!provider) return;
        if (door) door->close();
        if (started && MH_FIELD_OK(provider, stop))
            module::guarded(side(), "registry.stop", [&] { provider->stop(provider->user); });
        *this = {};
    }
};

struct Providers::Entry {
    registry::Provider told;
    Telling telling;

    Entry(registry::Table& table, registry::ProviderOptions o) : told(table, std::move(o)) {}
};

Providers::Providers(Loop& control, registry::Table& table, Announced& announced, log::Domain log,
                     ProvidersOptions options)
    : control_(control),
      table_(table),
      announced_(announced),
      log_(log),
      options_(std::move(options)),
      unknown_(control, [this](const std::string& name) { look_up(name); }) {
    announced_.set_herald(this);
    tick_.owner = this;
    tick_.fire = [](Timer& t) { static_cast<Tick&>(t).owner->tick(); };
}

Providers::~Providers() {
    announced_.set_herald(nullptr);
    stop();
}

Providers::Entry& Providers::entry(const std::string& name) {
    for (auto& e : entries_)
        if (e->told.name() == name) return *e;
    registry::ProviderOptions o;
    o.name = name;
    o.state_dir = options_.state_dir;
    o.wait = options_.wait;
    o.warn = [this](std::string_view text) { log_.warn(text); };
    o.info = [this](std::string_view text) { log_.info(text); };
    o.own = [this](std::string_view id) { return announced_.has(id); };
    return *entries_.emplace_back(std::make_unique<Entry>(table_, std::move(o)));
}

void Providers::adopt(const module::Published& published) {
    for (const module::Contribution& c : published)
        if (Entry& e = entry(c.name); !e.telling.is(c)) begin(e, c);
    std::erase_if(entries_, [&](const auto& e) {
        auto is_it = [&](const module::Contribution& c) { return e->telling.is(c); };
        if (std::any_of(published.begin(), published.end(), is_it)) return false;
        for (const auto& [key, a] : announced_.all()) e->telling.withdraw(key);
        e->telling.end();
        log_.info(fmt::format("registry {} is gone, and so are its services", e->told.name()));
        return true;
    });
    unknown_.enable(std::any_of(entries_.begin(), entries_.end(),
                                [](const auto& e) { return e->telling.can_look_up(); }));
    tick();
}

// The one that is replaced hears of its end when the other has everything in hand.
void Providers::begin(Entry& e, const module::Contribution& c) {
    Telling before = std::exchange(e.telling, {});
    if (before.door) before.door->close();
    Telling& now = e.telling;
    now.provider = static_cast<const mh_registry_provider*>(c.descriptor);
    now.generation = c.generation;
    e.told.begin(static_cast<int>(std::min<uint32_t>(now.provider->priority, INT32_MAX)), hurried_);
    now.door = ReportDoor::open(now.side(), *now.provider, e.told, *this, log_);
    if (std::string why = now.start(); !why.empty()) {
        now.door->close();
        e.told.failed(why);
    }
    for (const auto& [key, a] : announced_.all()) now.announce(a, log_);
    before.end();
}

void Providers::when_settled(std::function<void()> fn) {
    settled_ = std::move(fn);
    tick();
}

void Providers::settle() {
    auto waits = [](const auto& e) { return !e->told.settled(); };
    if (!settled_ || std::any_of(entries_.begin(), entries_.end(), waits)) return;
    hurried_ = true;
    std::exchange(settled_, nullptr)();
}

void Providers::tick() {
    for (auto& e : entries_) e->told.tick();
    if (!entries_.empty()) control_.arm(tick_, settled_ ? kTickWaitingMs : kTickMs);
    settle();
}

void Providers::stop() {
    for (auto& e : entries_) {
        e->told.save();
        e->telling.end();
    }
    unknown_.enable(false);
    Wheel::disarm(tick_);
    settled_ = nullptr;
}

std::vector<registry::ProviderRow> Providers::rows() const {
    std::vector<registry::ProviderRow> out;
    for (const registry::Table::Told& t : table_.told()) {
        registry::ProviderRow row;
        row.state = t.synced ? registry::ProviderState::synced : registry::ProviderState::waiting;
        row.waited = t.synced;
        for (const auto& e : entries_)
            if (e->told.name() == t.provider) row = e->told.row();
        row.name = t.provider;
        row.priority = t.priority;
        row.services = t.count.services;
        row.nodes = t.count.nodes;
        out.push_back(std::move(row));
    }
    return out;
}

void Providers::look_up(const std::string& name) {
    if (table_.snapshot()->find(name)) return;  // it came meanwhile
    for (auto& e : entries_) e->telling.look_up(name);
}

void Providers::looked_up(std::string_view name) {
    if (table_.snapshot()->find(name)) unknown_.found(name);
}

void Providers::announce(const Announcement& a) {
    for (auto& e : entries_) e->telling.announce(a, log_);
}

void Providers::withdraw(uint64_t key) {
    for (auto& e : entries_) e->telling.withdraw(key);
}

}  // namespace microhost::rpc
