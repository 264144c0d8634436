// SPDX-License-Identifier: Apache-2.0
/// What waits to be said, and how fast it may be: servers throw out who floods them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::bot::irc {

/// Of a clock that only goes forward.
using ms = std::chrono::milliseconds;

/// A token bucket: `burst` lines at once, then one each `pause`.
class Pace {
  public:
    Pace(unsigned burst, ms pause) : burst_(burst), pause_(pause) {}

    bool take(ms now);
    /// For a line that has to go at once: those that wait pay for it.
    void charge(ms now);
    /// How long until take() says yes.
    ms wait(ms now) const;

  private:
    unsigned burst_;
    ms pause_;
    ms paid_until_{INT64_MIN / 4};
};

/// Messages that wait, oldest first.
class Outbox {
  public:
    static constexpr size_t kMost = 200;
    /// Nobody wants an answer that comes so late.
    static constexpr ms kLongestWait{5 * 60'000};

    struct Item {
        std::string target, text;
        ms at{0};
    };
    /// False: it was full, and the oldest one was dropped for this.
    bool push(Item item);
    /// The oldest one whose target may be spoken to.
    std::optional<Item> take(ms now, const std::function<bool(std::string_view target)>& ready);
    bool any(const std::function<bool(std::string_view target)>& ready) const;
    /// Those that are to go no more are dropped.
    void drop_if(const std::function<bool(const Item&)>& gone);
    void rename(std::string_view from, std::string_view to,
                const std::function<bool(std::string_view, std::string_view)>& same);

    const std::deque<Item>& items() const { return items_; }
    size_t size() const { return items_.size(); }
    uint64_t dropped() const { return dropped_; }

  private:
    void expire(ms now);

    std::deque<Item> items_;
    uint64_t dropped_ = 0;
};

}  // namespace microhost::bot::irc
