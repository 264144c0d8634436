// SPDX-License-Identifier: Apache-2.0
/// IRC: one server, some channels, and whoever speaks to the bot directly.
#pragma once

#include <microhost/config.h>
#include <microhost/connection.hpp>
#include <microhost/watch.hpp>

#include <optional>
#include <string>

#include "../../backoff.hpp"
#include "../../input.hpp"
#include "session.hpp"

namespace microhost::bot {

class Irc final : public Input {
  public:
    /// Throws mh::failure.
    Irc(const mh_config* config, Ears& ears);

    std::string_view name() const override { return "irc"; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  private:
    irc::Session::Hooks hooks();
    mh::connection::handler handler();
    void watch_password(std::optional<mh::watched_file>& watch, const std::string& path,
                        std::string& password);
    void connect();
    void on_end(const irc::End& why);
    void on_close(mh_status status, std::string_view text);
    void wait(std::string why, irc::ms floor);
    void tick();
    void set(Link link, std::string detail);

    irc::Settings settings_;
    Ears& ears_;
    irc::Session session_;
    mh::connection connection_;
    mh::timer timer_;
    Backoff backoff_;
    Status status_;
    irc::ms online_since_{0};
    bool stopped_ = true, stuck_ = false, was_online_ = false;
    std::optional<mh::watched_file> password_, account_password_;
};

}  // namespace microhost::bot
