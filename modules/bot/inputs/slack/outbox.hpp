// SPDX-License-Identifier: Apache-2.0
/// What waits to be said: in order within a channel, and no faster than Slack takes it there.
#pragma once

#include <microhost/watch.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "api.hpp"

namespace microhost::bot::slack {

struct Outgoing {
    std::string channel, thread, text;
    std::string response_url;  ///< instead of the channel, while it takes answers
    unsigned attempts = 0;
};

/// [main]
class Outbox {
  public:
    /// Of all channels together, and of one.
    static constexpr size_t kMost = 1000, kMostOfOne = 100;
    /// Messages that may come at once in a channel; then one a second.
    static constexpr unsigned kBurst = 3;

    explicit Outbox(Api& api) : api_(api) {}

    void use_token(std::string token) { token_ = std::move(token); }
    /// False: there is no room.
    bool push(Outgoing o);
    size_t waiting() const { return waiting_; }
    uint64_t sent() const { return sent_; }
    uint64_t dropped() const { return dropped_; }
    /// While there is no way out, everything waits.
    void pause(bool paused);
    /// No more is begun.
    void stop();

  private:
    struct Channel {
        std::deque<Outgoing> queue;
        bool busy = false;
        uint64_t paid_until_ms = 0;    // of the bucket
        uint64_t silent_until_ms = 0;  // as Slack asked
    };
    void pump();
    void send(const std::string& name, Channel& c);
    void on_answer(const std::string& name, const Answer& a);
    uint64_t ready_at(const Channel& c) const;
    void pop(Channel& c);
    void say(const Answer& a);

    Api& api_;
    std::string token_;
    std::map<std::string, Channel> channels_;
    mh::timer timer_;
    size_t waiting_ = 0;
    uint64_t sent_ = 0, dropped_ = 0;
    uint64_t silent_until_ms_ = 0;
    std::string said_;  // the last refusal that was logged
    bool paused_ = true, stopped_ = false;
};

}  // namespace microhost::bot::slack
