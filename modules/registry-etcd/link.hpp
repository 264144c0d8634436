// SPDX-License-Identifier: Apache-2.0
/// Whether etcd can be reached: asks again and again, turns to the next endpoint, says when it goes and when it is back.
#pragma once

#include <microhost/watch.hpp>

#include <functional>
#include <string>

#include "client.hpp"

namespace microhost::registry_etcd {

/// [main]
class Link {
  public:
    struct Hooks {
        std::function<void()> up;
        std::function<void(const std::string& why)> down;
        /// After each answer, also the one that brought it up.
        std::function<void(const Header& header, int64_t keys)> beat;
    };
    Link(Client& client, Endpoints& endpoints, const Settings& settings, std::string folder,
         Hooks hooks);

    void begin() { probe(); }
    void stop();
    bool is_up() const { return up_; }
    /// Somebody's request failed: look now, not at the next turn.
    void suspect();

  private:
    void probe();
    void on_answer(const Answer& a);
    void on_good(const Header& header, int64_t keys);
    void on_bad(const Answer& a, const std::string& why);

    Client& client_;
    Endpoints& endpoints_;
    const Settings& settings_;
    const std::string folder_;
    Hooks hooks_;
    mh::timer timer_;
    Client::Ticket ticket_ = 0;
    bool up_ = false, stopped_ = false;
    std::string said_;
};

}  // namespace microhost::registry_etcd
