// SPDX-License-Identifier: Apache-2.0
/// The bot's nick: what it is to be, what it is, and what to try when somebody else has it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace microhost::bot::irc {

class Nick {
  public:
    static constexpr unsigned kMostTries = 12;
    /// What every server takes (RFC 1459).
    static constexpr size_t kShort = 9;

    explicit Nick(std::string wanted) : configured_(std::move(wanted)) { reset(); }

    /// A new connection: as if nothing had been tried.
    void reset() { now_ = configured_, tries_ = 0; }
    const std::string& now() const { return now_; }
    /// Within what the server allows.
    std::string wanted() const { return configured_.substr(0, longest_); }
    /// While the bot logs in: the nick is taken. Empty: enough was tried.
    std::string taken();
    /// The server does not like it: a shorter one may do. Empty: it is no matter of length.
    std::string refused();
    void set_longest(size_t n) { longest_ = n ? n : longest_; }
    size_t longest() const { return longest_; }
    void is(std::string_view nick) { now_ = nick; }

  private:
    std::string configured_, now_;
    size_t longest_ = 64;
    unsigned tries_ = 0;
};

}  // namespace microhost::bot::irc
