// SPDX-License-Identifier: Apache-2.0
/// The nodes of this process in etcd: a lease each, kept alive; a key that is gone comes back.
#pragma once

#include <microhost/watch.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "catalogue.hpp"
#include "client.hpp"

namespace microhost::registry_etcd {

/// [main]
class Announcer {
  public:
    struct Hooks {
        /// Whether all of ours is there; `why` when not.
        std::function<void(const std::string& why)> trouble;
        /// A request got no answer.
        std::function<void()> suspect;
    };
    Announcer(Client& client, const Settings& settings, const Catalogue& catalogue,
              std::string folder, Hooks hooks);

    /// False for what is no service with one node.
    bool announce(uint64_t key, std::string_view service_json, uint32_t ttl_s);
    void withdraw(uint64_t key);
    /// No more is done for what is announced still: the next generation of this module has it. Its leases end by themselves.
    void stop();

    void on_up();
    void on_down();
    void on_listed(const Header& header);
    void on_deleted(const std::string& key, int64_t revision);

  private:
    struct Own {
        std::string key, value;
        int64_t ttl_s = 0;
        int64_t lease = 0;
        int64_t put_at = 0;      ///< revision, 0: it is not there
        int64_t deleted_at = 0;  ///< revision of the last time that somebody did
        int64_t period_ms = 0;
        Client::Ticket ticket = 0;
        mh::timer timer;
        Backoff backoff;
        std::string trouble;
    };
    void grant(Own& own);
    void on_granted(Own& own, const Answer& a);
    void put(Own& own);
    void on_put(Own& own, const Answer& a);
    void keep_alive(Own& own);
    void on_kept(Own& own, const Answer& a);
    void schedule(Own& own);
    void lost(Own& own, int64_t revision);
    void failed(Own& own, const Answer& a);
    void revoke(Own& own);
    void set_trouble(Own& own, const std::string& why);

    Client& client_;
    const Settings& settings_;
    const Catalogue& catalogue_;
    const std::string folder_;
    Hooks hooks_;
    std::map<uint64_t, std::unique_ptr<Own>> own_;
    std::string said_;
    bool up_ = false;
};

}  // namespace microhost::registry_etcd
