// SPDX-License-Identifier: Apache-2.0
/// What is spoken over one connection after the other: lines in, lines out, no socket and no clock of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "../../message.hpp"
#include "line.hpp"
#include "login.hpp"
#include "nick.hpp"
#include "outbox.hpp"
#include "people.hpp"
#include "rooms.hpp"
#include "settings.hpp"

namespace microhost::bot::irc {

class Session {
  public:
    static constexpr ms kLogin{60'000}, kSilence{90'000}, kAnswer{30'000}, kRegain{60'000};

    struct Hooks {
        /// A line with its end.
        std::function<void(std::string_view line)> write;
        std::function<void(Message)> heard;
        /// Whether it is online, where, and under which nick.
        std::function<void()> changed;
        /// This connection is of no use any more. Nothing is written to it from here on.
        std::function<void(End)> end;
    };
    /// `settings` stay where they are; a password in them may change from one connection to the next.
    Session(const Settings& settings, Hooks hooks);

    /// There is a new connection.
    void open(ms now);
    void take(std::string_view bytes, ms now);
    /// Does what is due, and says how long that is all; at most 30 s.
    ms tick(ms now);
    /// It is gone. What was for a channel waits for the next one; what was for a person is dropped: on the next connection the nick may
    /// be somebody else's.
    void close();
    /// Sends what may still be sent, and QUIT.
    void quit(std::string_view why, ms now);

    /// Queues each line of the text, in pieces that fit. False: something was dropped for it, or it cannot be sent there.
    bool say(const Place& to, std::string_view text, ms now);

    bool online() const { return phase_ == Phase::online; }
    /// "as microbot in #ops; #dev: ...".
    std::string detail() const;
    const Outbox& outbox() const { return outbox_; }
    uint64_t sent() const { return sent_; }
    uint64_t received() const { return received_; }

    /// All that the next generation needs, as JSON, and the way back. False: it cannot go on with that.
    std::string save() const;
    bool load(std::string_view state, ms now);

  private:
    enum class Phase : unsigned char { closed, login, welcome, online };
    struct Row {
        std::string_view command;
        void (Session::*take)(const Line& line);
    };
    static const Row kRows[];

    bool on_line(std::string_view text);
    void on_welcome(const Line& line);
    void on_support(const Line& line);
    void on_motd_end(const Line& line);
    void on_nick_refused(const Line& line);
    void on_nick(const Line& line);
    void on_join(const Line& line);
    void on_part(const Line& line);
    void on_kick(const Line& line);
    void on_quit(const Line& line);
    void on_invite(const Line& line);
    void on_names(const Line& line);
    void on_who(const Line& line);
    void on_account(const Line& line);
    void on_ison(const Line& line);
    void on_join_refused(const Line& line);
    void on_not_sent(const Line& line);
    void on_no_such_nick(const Line& line);
    void on_error(const Line& line);
    void on_ping(const Line& line);
    void on_message(const Line& line);
    void on_ctcp(const Line& line, std::string_view text);

    void go_online();
    void left(std::string_view channel, std::string why);
    void support(std::string_view token);
    void note_time(const Line& line);
    bool from_the_past(const Line& line) const;
    Sender sender(const Line& line) const;
    bool needs_people() const;
    bool is_me(std::string_view nick) const { return same(nick, nick_.now()); }
    bool same(std::string_view a, std::string_view b) const {
        return fold(a, map_) == fold(b, map_);
    }
    bool may_speak_to(std::string_view target) const;
    size_t room_for_text(std::string_view target) const;
    void urgent(const std::string& line);
    void end(End why);
    void join_rooms();
    void flush();
    bool watch_silence();

    const Settings& settings_;
    Hooks hooks_;
    Reader reader_;
    Login login_;
    Nick nick_;
    Rooms rooms_;
    People people_;
    Outbox outbox_;
    Pace pace_, ctcp_pace_;
    Phase phase_ = Phase::closed;
    Casemap map_ = Casemap::rfc1459;
    std::string network_, user_host_, nick_prefixes_, robot_flag_;
    bool whox_ = false;
    ms now_{0}, opened_{0}, heard_{0}, pinged_{0}, regain_{0};
    bool ping_out_ = false;
    int64_t server_time_s_ = 0;  ///< the latest that it said
    uint64_t sent_ = 0, received_ = 0;
    size_t told_too_long_ = 0;
};

}  // namespace microhost::bot::irc
