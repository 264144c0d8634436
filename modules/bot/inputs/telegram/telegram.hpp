// SPDX-License-Identifier: Apache-2.0
/// Telegram: a bot of the Bot API, in groups and with whoever speaks to it directly.
#pragma once

#include <microhost/config.h>
#include <microhost/watch.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "../../backoff.hpp"
#include "../../input.hpp"
#include "api.hpp"
#include "settings.hpp"
#include "updates.hpp"

namespace microhost::bot {

class Telegram final : public Input {
  public:
    using ms = std::chrono::milliseconds;
    static constexpr size_t kMostWaiting = 200;

    /// Throws mh::failure.
    Telegram(const mh_config* config, Ears& ears);
    /// For tests: with options that were read already, and a clock that they drive.
    Telegram(telegram::Settings settings, Ears& ears, std::function<ms()> clock);

    std::string_view name() const override { return "telegram"; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  private:
    struct Outgoing {
        std::string chat, thread, text;
        unsigned failures = 0;
    };

    void watch_token();
    void connect();
    void on_me(const telegram::Answer& a);
    void poll();
    void on_updates(const telegram::Answer& a, ms asked_at);
    void failed(const telegram::Answer& a);
    void wait(std::string why, ms floor);
    void refuse(const std::string& why);
    void flush();
    void on_sent(const telegram::Answer& a, Outgoing o);
    void drop(const std::string& why);
    bool push(Outgoing o);
    void set(Link link, std::string detail);
    void say(std::string_view what, const telegram::Answer& a);

    telegram::Settings settings_;
    Ears& ears_;
    std::function<ms()> clock_;
    telegram::Api poll_, send_;
    telegram::Me me_;
    int64_t offset_ = 0;
    std::deque<Outgoing> waiting_;
    std::map<std::string, ms> next_;  ///< when a chat may be spoken to again
    ms hold_until_{0};                ///< all of them, as the server asked
    mh::timer retry_, send_timer_;
    Backoff backoff_;
    Status status_;
    std::string told_;  ///< the last complaint about what could not be sent
    ms online_since_{0};
    bool stopped_ = true, was_online_ = false;
    std::optional<mh::watched_file> token_;
};

}  // namespace microhost::bot
