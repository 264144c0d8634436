// SPDX-License-Identifier: Apache-2.0
/// Micro's HTTP broker: subscriptions of this process are nodes in the registry, messages are requests to such nodes.
#pragma once

#include <microhost/draft/event_broker.h>
#include <microhost/draft/http_server.h>

#include <map>
#include <string>

#include "inbox.hpp"
#include "outlet.hpp"
#include "settings.hpp"

namespace microhost::broker_http {

/// [main]
class Broker {
  public:
    Broker(const Settings& settings, Inbox& inbox);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// Contributes it.
    mh_status start();
    const mh_event_broker& table() const { return table_; }

  private:
    struct Subscription {
        std::string id;
        mh_token token = 0;  // 0: not announced
    };
    mh_status publish(const mh_event& e);
    mh_status subscribe(std::string_view topic);
    void unsubscribe(std::string_view topic);
    void find_address();
    std::string reachable(std::string_view listening) const;
    void announce(const std::string& topic, Subscription& s);
    static void withdraw(Subscription& s);
    void trouble(const std::string& text) const;

    const Settings& settings_;
    Inbox& inbox_;
    Outlet outlet_;
    mh_event_broker table_{};
    mh_token listeners_changed_ = 0;
    std::string address_;  // that others reach us at; empty: there is none yet
    std::map<std::string, Subscription, std::less<>> subscriptions_;
};

}  // namespace microhost::broker_http
