// SPDX-License-Identifier: Apache-2.0
/// The source of services "mdns": what the host asks of it, and what it reports. [main]
#pragma once

#include <microhost/draft/registry_provider.h>

#include "announcer.hpp"
#include "browser.hpp"
#include "sockets.hpp"

namespace microhost::registry_mdns {

class Provider {
  public:
    explicit Provider(Settings s);
    ~Provider();
    Provider(const Provider&) = delete;

    const mh_registry_provider& table() const { return table_; }

    /// Throws mh::failure.
    void start();
    void stop();
    void announce(uint64_t key, std::string_view service_json);
    void withdraw(uint64_t key);
    void look_up(std::string_view name);

    /// The next generation announces what this one does: nobody is told that it is gone.
    void hand_over() { silent_ = true; }
    void take_back() { silent_ = false; }
    /// The one before did so: what it announced is still believed.
    void continue_it() { probe_ = false; }

  private:
    Browser::Reports browser_reports();
    Sockets::Reports socket_reports();
    void take(const Source& from, std::string_view bytes);
    void complain(const std::string& key, const std::string& text);
    void work();
    void wake(int64_t ms);

    const Settings settings_;
    mh_registry_provider table_{};
    Complaints complaints_;
    Budget packets_{5000};
    Sockets sockets_;
    Announcer announcer_;
    Browser browser_;
    mh_token timer_ = 0;
    uint64_t wake_ms_ = 0, interfaces_ms_ = 0;
    bool running_ = false, silent_ = false, probe_ = true;
};

}  // namespace microhost::registry_mdns
