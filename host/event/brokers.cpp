// SPDX-License-Identifier: Apache-2.0
#include "event/brokers.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "event/abi_event_broker.hpp"
#include "loop/loop.hpp"
#include "module/generation.hpp"

namespace microhost::event {

using module::EventPtr;

/// One generation's broker.
struct Brokers::Entry {
    const mh_event_broker* broker;
    module::Generation* generation;
    std::string origin;            // of what it brings
    std::set<std::string> wanted;  // what it was told
    uint64_t refused = 0;

    bool is(const module::Contribution& c) const {
        return broker == c.descriptor && generation == c.generation;
    }
    module::HostSide& side() const { return generation->side(); }
};

Brokers::Brokers(Loop& control, module::EventBus& bus, log::Domain log)
    : control_(control), bus_(bus), log_(log) {
    bus_.set_beyond(this);
}

Brokers::~Brokers() {
    bus_.set_beyond(nullptr);
    stop();
    *self_ = nullptr;
}

void Brokers::adopt(const module::Published& published) {
    std::vector<std::unique_ptr<Entry>> before = std::move(entries_);
    entries_.clear();
    for (const module::Contribution& c : published) {
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const auto& e) { return e && e->is(c); });
        if (known != before.end()) {
            entries_.push_back(std::move(*known));
            continue;
        }
        const auto* broker = static_cast<const mh_event_broker*>(c.descriptor);
        entries_.push_back(
            std::make_unique<Entry>(Entry{broker, c.generation, "broker:" + c.name, {}, 0}));
        open_door(entries_.back()->side(), *broker);
    }
    count_.store(static_cast<uint32_t>(entries_.size()), std::memory_order_relaxed);
    tell_wanted();
    // Those that are replaced end after the new ones have subscribed: nothing is missed in between.
    for (auto& e : before)
        if (e) end(*e);
}

void Brokers::stop() {
    for (auto& e : entries_) end(*e);
    entries_.clear();
    count_.store(0, std::memory_order_relaxed);
}

void Brokers::end(Entry& e) {
    close_door(*e.broker);
    for (const std::string& topic : e.wanted)
        module::guarded(e.side(), "event.unsubscribe",
                        [&] { e.broker->unsubscribe(e.broker->user, module::lend(topic)); });
}

mh_status Brokers::take(const EventPtr& e) {
    if (!count_.load(std::memory_order_relaxed)) return MH_OK;
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= kMostWaiting) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return MH_E_BUSY;
    }
    control_.post([this, self = self_, e] {
        if (!*self) return;
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        hand_on(e);
    });
    return MH_OK;
}

void Brokers::hand_on(const EventPtr& e) {
    std::vector<mh_kv> rows;
    const mh_event lent = e->lend(rows, 0);
    for (auto& entry : entries_) {
        if (entry->origin == e->origin) continue;
        module::take_report(entry->side());
        const mh_status s =
            module::guarded(entry->side(), "event.publish", mh_status{MH_E_PANIC},
                            [&] { return entry->broker->publish(entry->broker->user, &lent); });
        if (s >= MH_OK) continue;
        // At the first, the tenth, the hundredth: a broker that is down must not fill the log.
        uint64_t n = ++entry->refused;
        while (n % 10 == 0) n /= 10;
        if (n != 1) continue;
        std::string why = module::take_report(entry->side());
        if (why.empty()) why = module::status_name(s);
        log_.warn("an event was not handed to a broker", {{"broker", entry->broker->name},
                                                          {"topic", e->topic},
                                                          {"reason", why},
                                                          {"so_far", entry->refused}});
    }
}

void Brokers::wants_changed() {
    if (!count_.load(std::memory_order_relaxed) || telling_.exchange(true)) return;
    control_.post([this, self = self_] {
        if (*self) tell_wanted();
    });
}

void Brokers::tell_wanted() {
    telling_.store(false);
    const std::set<std::string> wanted = bus_.wanted();
    for (auto& e : entries_) {
        for (const std::string& topic : wanted) {
            if (e->wanted.contains(topic)) continue;
            module::take_report(e->side());
            const mh_status s = module::guarded(
                e->side(), "event.subscribe", mh_status{MH_E_PANIC},
                [&] { return e->broker->subscribe(e->broker->user, module::lend(topic)); });
            if (s >= MH_OK) continue;
            std::string why = module::take_report(e->side());
            if (why.empty()) why = module::status_name(s);
            log_.warn("a broker does not bring the events of a topic",
                      {{"broker", e->broker->name}, {"topic", topic}, {"reason", why}});
        }
        for (const std::string& topic : e->wanted)
            if (!wanted.contains(topic))
                module::guarded(e->side(), "event.unsubscribe", [&] {
                    e->broker->unsubscribe(e->broker->user, module::lend(topic));
                });
        e->wanted = wanted;
    }
}

}  // namespace microhost::event
