// SPDX-License-Identifier: Apache-2.0
/// Slack, over Socket Mode: a socket that brings what is said, and the Web API that takes answers. README.md says how to make the
/// app.
#pragma once

#include <microhost/config.h>
#include <microhost/watch.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "../../backoff.hpp"
#include "../../input.hpp"
#include "api.hpp"
#include "outbox.hpp"
#include "settings.hpp"
#include "socket.hpp"

namespace microhost::bot {

class Slack final : public Input {
  public:
    Slack(const mh_config* config, Ears& ears);

    std::string_view name() const override { return "slack"; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    /// Which events were heard, so that none that Slack sends again is answered again. Its sockets cannot be handed over.
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  private:
    using SocketPtr = std::unique_ptr<slack::Socket>;

    void connect();
    void on_identity(const slack::Answer& a);
    void open_socket();
    slack::Socket::Calls calls();
    void on_ready(slack::Socket& s);
    void on_leaving(slack::Socket& s);
    void on_end(slack::Socket& s, const slack::SocketEnd& e);
    void on_heard(const slack::Heard& h);
    bool is_new(const std::string& key);
    std::string place_for(const slack::Heard& h);
    void try_again(const slack::SocketEnd& e);
    void set(Link link, std::string detail);
    void drop(SocketPtr& s);
    void on_new_token();

    slack::Settings settings_;
    Ears& ears_;
    slack::Api api_;
    slack::Outbox outbox_;
    slack::Secret bot_token_, app_token_;

    SocketPtr now_, next_;  // the one that is heard, and the one that takes its place
    SocketPtr old_;         // still heard, until Slack has closed it
    std::vector<SocketPtr> ended_;
    slack::Api::Ticket asking_ = 0;  ///< who it is
    std::string self_, where_;
    Backoff backoff_;
    mh::timer again_, retire_, sweep_;
    Status status_;
    uint64_t online_ms_ = 0;
    bool running_ = false;

    std::deque<std::string> seen_order_;
    std::set<std::string, std::less<>> seen_;
    struct Slash {
        std::string id, url;
        uint64_t at_ms;
        unsigned uses;
    };
    std::deque<Slash> slashes_;
    uint64_t slash_ids_ = 0;
};

}  // namespace microhost::bot
