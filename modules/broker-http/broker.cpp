// SPDX-License-Identifier: Apache-2.0
#include "broker.hpp"

#include <microhost/draft/registry.h>

#include "../shared/event_message.hpp"
#include "../shared/json_writer.hpp"
#include "../shared/random_uuid.hpp"
#include "message.hpp"

namespace microhost::broker_http {
namespace {

constexpr std::string_view kModule = "broker-http";

Broker& of(void* user) { return *static_cast<Broker*>(user); }

bool is_wildcard(std::string_view host) { return host == "0.0.0.0" || host == "[::]"; }

}  // namespace

Broker::Broker(const Settings& settings, Inbox& inbox)
    : settings_(settings), inbox_(inbox), outlet_(settings.timeout) {
    table_.size = sizeof table_;
    table_.name = "http";
    table_.user = this;
    table_.publish = [](void* user, const mh_event* e) {
        return mh::guarded("publish", [&] { return of(user).publish(*e); });
    };
    table_.subscribe = [](void* user, mh_str topic) {
        return mh::guarded("subscribe", [&] { return of(user).subscribe(mh::view(topic)); });
    };
    table_.unsubscribe = [](void* user, mh_str topic) {
        mh::guarded("unsubscribe", [&] { return of(user).unsubscribe(mh::view(topic)), MH_OK; });
    };
}

Broker::~Broker() {
    if (listeners_changed_) mh::use<mh_event_bus>().unsubscribe(listeners_changed_);
    for (auto& [topic, s] : subscriptions_) {
        withdraw(s);
        inbox_.close(s.id);
    }
}

mh_status Broker::start() {
    const auto changed = [](void* user, const mh_event*) {
        mh::guarded("listeners", [&] { return of(user).find_address(), MH_OK; });
    };
    const mh_status s =
        mh::use<mh_event_bus>().subscribe(mh::the_host, mh::lend("microhost.listener.opened"),
                                          MH_EVENT_LOCAL, changed, this, &listeners_changed_);
    if (s != MH_OK) return s;
    find_address();
    return mh::the_host->contribute(mh::the_host, MH_EVENT_BROKER, &table_);
}

// ---- out

mh_status Broker::publish(const mh_event& e) {
    const auto& registry = mh::use<mh_registry>();
    const Subscribers to = subscribers_of(registry, registry.now(mh::the_host), mh::view(e.topic),
                                          [this](std::string_view id) { return inbox_.has(id); });
    if (to.all.empty() && to.queues.empty()) return MH_OK;
    return outlet_.send(to, shared::event_message(e, true));
}

// ---- in

mh_status Broker::subscribe(std::string_view topic) {
    if (topic.ends_with(".*")) {
        static constexpr std::string_view kWhy =
            "Micro's HTTP broker has no patterns: only events of this process match it";
        mh::the_host->error(mh::the_host, MH_E_UNSUPPORTED, {}, mh::lend(kWhy));
        return MH_E_UNSUPPORTED;
    }
    const auto [at, fresh] = subscriptions_.try_emplace(std::string(topic));
    if (!fresh) return MH_OK;
    at->second.id = at->first + "-" + shared::random_uuid();
    inbox_.open(at->second.id, at->first);
    announce(at->first, at->second);
    return MH_OK;
}

void Broker::unsubscribe(std::string_view topic) {
    const auto at = subscriptions_.find(topic);
    if (at == subscriptions_.end()) return;
    withdraw(at->second);
    inbox_.close(at->second.id);
    subscriptions_.erase(at);
}

void Broker::withdraw(Subscription& s) {
    if (s.token) mh::use<mh_registry>().deregister(s.token);
    s.token = 0;
}

// As go-micro 1.18 writes it (source: capture 00).
void Broker::announce(const std::string& topic, Subscription& s) {
    if (address_.empty()) return;
    std::string json;
    shared::JsonWriter w(json);
    w.begin_object().key("name").string(kService).key("version").string(kBroadcast);
    w.key("metadata").raw("null").key("endpoints").raw("null").key("nodes").begin_array();
    w.begin_object().key("id").string(s.id).key("address").string(address_).key("metadata");
    w.begin_object().key("broker").string("http").key("secure").string("false");
    w.key("topic").string(topic).end_object().end_object().end_array().end_object();
    const auto ttl_s = static_cast<uint32_t>(settings_.ttl.count() / 1000);
    const mh_status status =
        mh::use<mh_registry>().enlist(mh::the_host, mh::lend(json), ttl_s, &s.token);
    if (status != MH_OK) trouble("the subscription of " + topic + " cannot be announced");
}

// ---- where others reach us

void Broker::find_address() {
    std::string listening;
    mh::use<mh_http_server>().each(
        mh::the_host,
        [](void* user, mh_str, mh_str module, mh_str address, uint32_t) {
            if (mh::view(module) == kModule) *static_cast<std::string*>(user) = mh::view(address);
        },
        &listening);
    std::string now = listening.empty() ? std::string() : reachable(listening);
    if (now == address_) return;
    address_ = std::move(now);
    for (auto& [topic, s] : subscriptions_) {
        withdraw(s);
        announce(topic, s);
    }
}

std::string Broker::reachable(std::string_view listening) const {
    const size_t colon = listening.rfind(':');
    const std::string_view host = listening.substr(0, colon);
    if (!settings_.advertise.empty()) {
        const std::string& a = settings_.advertise;
        const bool has_port = a.rfind(':') != a.npos && a.back() != ']';
        return has_port ? a : a + std::string(listening.substr(colon));
    }
    if (!is_wildcard(host) && !listening.starts_with("unix:")) return std::string(listening);
    trouble("others cannot reach " + std::string(listening) +
            ": set advertise to a name or an address of this machine");
    return {};
}

void Broker::trouble(const std::string& text) const {
    mh::use<mh_event_sink>().trouble(mh::the_host, &table_, MH_E_UNREACHABLE, mh::lend(text));
    mh::use<mh_log>().write(mh::the_host, MH_LOG_ERROR, mh::lend(text), nullptr, 0);
}

}  // namespace microhost::broker_http
