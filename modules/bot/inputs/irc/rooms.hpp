// SPDX-License-Identifier: Apache-2.0
/// The channels where the bot is to be: joined, and joined again after a kick or a refusal, slower each time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox.hpp"
#include "text.hpp"

namespace microhost::bot::irc {

struct Room {
    enum class State : unsigned char { out, joining, in };
    std::string name, key;
    State state = State::out;
    ms next{0};             ///< when it is tried (again), or `joining` was given up
    unsigned failures = 0;  ///< in a row
    std::string trouble;    ///< why the bot is not there; said once
};

class Rooms {
  public:
    static constexpr ms kFirstPause{10'000}, kLongestPause{600'000}, kAnswer{30'000};
    /// Kicks in a row, none of them followed by ten minutes in peace, after which it stays out until the next connection.
    static constexpr unsigned kMostKicks = 8;

    /// "#ops" or "#ops KEY". Throws mh::failure for what is no channel.
    explicit Rooms(const std::vector<std::string>& wanted);

    void set_casemap(Casemap map) { map_ = map; }
    /// A new connection: none is joined.
    void reset();
    /// The next one that is due; it is `joining` from here on.
    Room* due(ms now);
    /// When one will be.
    std::optional<ms> next_due() const;
    Room* find(std::string_view name);
    bool in(std::string_view name) const;

    void joined(Room& r, ms now);
    /// False: that was said before.
    bool refused(Room& r, std::string why, ms now);
    bool kicked(Room& r, std::string why, ms now);

    std::vector<Room>& all() { return all_; }
    const std::vector<Room>& all() const { return all_; }

  private:
    bool out(Room& r, std::string why, ms pause, ms now);

    std::vector<Room> all_;
    Casemap map_ = Casemap::rfc1459;
};

}  // namespace microhost::bot::irc
