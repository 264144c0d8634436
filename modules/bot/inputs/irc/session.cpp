// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "../../../shared/text.hpp"

namespace microhost::bot::irc {

// Of what is said about channels and people; session_speech.cpp has what they say. Sorted by nothing: there are few.
const Session::Row Session::kRows[] = {
    {"PRIVMSG", &Session::on_message},  {"PING", &Session::on_ping},
    {"JOIN", &Session::on_join},        {"PART", &Session::on_part},
    {"KICK", &Session::on_kick},        {"QUIT", &Session::on_quit},
    {"NICK", &Session::on_nick},        {"ACCOUNT", &Session::on_account},
    {"INVITE", &Session::on_invite},    {"ERROR", &Session::on_error},
    {"001", &Session::on_welcome},      {"005", &Session::on_support},
    {"303", &Session::on_ison},         {"353", &Session::on_names},
    {"354", &Session::on_who},          {"376", &Session::on_motd_end},
    {"422", &Session::on_motd_end},     {"401", &Session::on_no_such_nick},
    {"404", &Session::on_not_sent},     {"403", &Session::on_join_refused},
    {"405", &Session::on_join_refused}, {"470", &Session::on_join_refused},
    {"471", &Session::on_join_refused}, {"473", &Session::on_join_refused},
    {"474", &Session::on_join_refused}, {"475", &Session::on_join_refused},
    {"476", &Session::on_join_refused}, {"477", &Session::on_join_refused},
    {"489", &Session::on_join_refused}, {"520", &Session::on_join_refused},
    {"431", &Session::on_nick_refused}, {"432", &Session::on_nick_refused},
    {"433", &Session::on_nick_refused}, {"436", &Session::on_nick_refused},
    {"437", &Session::on_nick_refused},
};

namespace {

constexpr std::string_view kWhoToken = "770";

std::string list_of(const std::vector<Room>& rooms, Room::State state) {
    std::string out;
    for (const Room& r : rooms)
        if (r.state == state) out += (out.empty() ? "" : ", ") + r.name;
    return out;
}

/// What servers say when one comes back too often.
bool means_too_fast(std::string_view text) {
    const std::string low = fold(text, Casemap::ascii);
    for (const char* words : {"too fast", "throttl", "too many", "wait a while", "try again later"})
        if (low.find(words) != low.npos) return true;
    return false;
}

}  // namespace

Session::Session(const Settings& settings, Hooks hooks)
    : settings_(settings),
      hooks_(std::move(hooks)),
      login_(settings, [this](const std::string& line) { urgent(line); }),
      nick_(settings.nick),
      rooms_(settings.channels),
      pace_(static_cast<unsigned>(settings.burst), settings.pause),
      ctcp_pace_(3, ms(10'000)) {}

// ---- the connection

void Session::open(ms now) {
    now_ = opened_ = heard_ = now;
    phase_ = Phase::login;
    reader_.reset();
    nick_.reset();
    rooms_.reset();
    people_.clear();
    pace_ = Pace(static_cast<unsigned>(settings_.burst), settings_.pause);
    map_ = Casemap::rfc1459;
    rooms_.set_casemap(map_), people_.set_casemap(map_);
    network_ = settings_.host;
    user_host_.clear(), robot_flag_.clear(), nick_prefixes_ = "~&@%+!";
    whox_ = ping_out_ = false;
    server_time_s_ = 0;
    login_.begin(nick_.now());
}

void Session::take(std::string_view bytes, ms now) {
    if (phase_ == Phase::closed) return;
    now_ = heard_ = now;
    ping_out_ = false;
    reader_.feed(bytes, [this](std::string_view line) { return on_line(line); });
    if (reader_.too_long() == told_too_long_) return;
    if (told_too_long_ == 0)
        mh::log::warn("irc: the server sends lines that are too long; passed over");
    told_too_long_ = reader_.too_long();
}

bool Session::on_line(std::string_view text) {
    const auto line = parse(text);
    if (!line) return phase_ != Phase::closed;
    note_time(*line);
    if (auto why = login_.take(*line)) return end(std::move(*why)), false;
    for (const Row& row : kRows) {
        if (row.command != line->command) continue;
        (this->*row.take)(*line);
        break;
    }
    return phase_ != Phase::closed;
}

void Session::close() {
    phase_ = Phase::closed;
    outbox_.drop_if([this](const Outbox::Item& i) { return rooms_.find(i.target) == nullptr; });
}

void Session::end(End why) {
    if (phase_ == Phase::closed) return;
    close();
    hooks_.end(std::move(why));
}

void Session::quit(std::string_view why, ms now) {
    if (phase_ == Phase::closed) return;
    now_ = now;
    if (online()) flush();
    urgent(compose("QUIT", {}, why));
    close();
}

void Session::urgent(const std::string& line) {
    if (phase_ == Phase::closed || line.empty()) return;
    if (online()) pace_.charge(now_);  // servers expect a handful of lines at the login
    hooks_.write(line);
}

void Session::on_error(const Line& line) {
    // ngircd says it so, and without a 464 before it.
    if (phase_ == Phase::login &&
        fold(line.last(), Casemap::ascii).find("password") != std::string::npos)
        return end({"the server wants another password: check irc_password (it says " +
                        quoted_text(line.last()) + ")",
                    true});
    const bool fast = means_too_fast(line.last());
    end({"the server closes the connection: " + quoted_text(line.last()), false,
         fast ? ms(60'000) : ms(0)});
}

void Session::on_ping(const Line& line) { urgent(compose("PONG", {}, line.last())); }

// ---- time

ms Session::tick(ms now) {
    now_ = now;
    if (phase_ == Phase::closed || !watch_silence()) return kAnswer;
    // A server that has no message of the day and does not say so.
    if (phase_ == Phase::welcome && now - opened_ >= kAnswer) go_online();
    if (!online()) return ms(1'000);
    join_rooms();
    if (!same(nick_.now(), nick_.wanted()) && now >= regain_) {
        regain_ = now + kRegain;
        urgent(compose("ISON", {nick_.wanted()}));
    }
    flush();
    const auto ready = [this](std::string_view t) { return may_speak_to(t); };
    ms next = kAnswer;
    if (outbox_.any(ready)) next = std::min(next, pace_.wait(now));
    if (const auto due = rooms_.next_due())
        next = std::min(next, std::max(*due - now, pace_.wait(now)));
    return std::max(next, ms(50));
}

// A connection may be dead without anybody having said so.
bool Session::watch_silence() {
    if (phase_ == Phase::login && now_ - opened_ >= kLogin)
        return end({"the server does not finish the login within 60 s"}), false;
    if (!online()) return true;
    if (ping_out_ && now_ - pinged_ >= kAnswer)
        return end({"the server is silent: the connection is taken for dead"}), false;
    if (!ping_out_ && now_ - heard_ >= kSilence) {
        ping_out_ = true;
        pinged_ = now_;
        urgent(compose("PING", {}, "microhost"));
    }
    return true;
}

void Session::join_rooms() {
    while (pace_.wait(now_) == ms(0)) {
        Room* r = rooms_.due(now_);
        if (!r) return;
        urgent(r->key.empty() ? compose("JOIN", {r->name}) : compose("JOIN", {r->name, r->key}));
    }
}

void Session::flush() {
    const auto ready = [this](std::string_view t) { return may_speak_to(t); };
    while (pace_.wait(now_) == ms(0)) {
        const auto item = outbox_.take(now_, ready);
        if (!item) return;
        pace_.take(now_);
        ++sent_;
        hooks_.write(compose("PRIVMSG", {item->target}, item->text));
    }
}

// ---- the server

void Session::on_welcome(const Line& line) {
    if (phase_ != Phase::login) return;
    if (!line.param(0).empty()) nick_.is(line.param(0));
    phase_ = Phase::welcome;
    if (auto why = login_.welcome()) end(std::move(*why));
}

void Session::on_support(const Line& line) {
    // The first one is our nick, the last one says "are supported by this server".
    for (size_t i = 1; i + 1 < line.params.size(); ++i) support(line.params[i]);
}

void Session::support(std::string_view token) {
    const size_t eq = std::min(token.find('='), token.size());
    const std::string_view name = token.substr(0, eq),
                           value = token.substr(std::min(eq + 1, token.size()));
    if (name == "NICKLEN" && value.size() <= 3 && !value.empty() && shared::is_digit(value[0])) {
        nick_.set_longest(static_cast<size_t>(std::atoi(std::string(value).c_str())));
    } else if (name == "CASEMAPPING") {
        map_ = casemap_of(value);
        rooms_.set_casemap(map_), people_.set_casemap(map_);
    } else if (name == "NETWORK") {
        std::string clean_name = fold(value, Casemap::ascii);
        std::erase_if(clean_name, [](char c) {
            return !shared::is_alnum(c) && c != '.' && c != '-' && c != '_';
        });
        if (!clean_name.empty()) network_ = clean_name.substr(0, 64);
    } else if (name == "PREFIX" && value.find(')') != value.npos) {
        nick_prefixes_ = value.substr(value.find(')') + 1);
    } else if (name == "BOT" && value.size() == 1) {
        robot_flag_ = value;
    } else if (name == "WHOX") {
        whox_ = true;
    }
}

void Session::on_motd_end(const Line&) {
    if (phase_ == Phase::welcome) go_online();
}

void Session::go_online() {
    phase_ = Phase::online;
    regain_ = now_ + kAnswer;
    if (!robot_flag_.empty()) urgent(compose("MODE", {nick_.now(), "+" + robot_flag_}));
    hooks_.changed();
    if (online()) tick(now_);
}

// ---- the nick

void Session::on_nick_refused(const Line& line) {
    if (phase_ != Phase::login) return;
    const bool taken = line.command != "432" && line.command != "431";
    const std::string next = taken ? nick_.taken() : nick_.refused();
    if (!next.empty()) return urgent(compose("NICK", {next}));
    if (taken) return end({"all nicks like " + settings_.nick + " are taken: set irc_nick"});
    end({"the server does not take the nick " + settings_.nick + " (it says " +
             quoted_text(line.last()) + "): set irc_nick",
         true});
}

void Session::on_nick(const Line& line) {
    const std::string_view from = line.nick(), to = line.param(0);
    if (to.empty()) return;
    if (is_me(from)) {
        nick_.is(to);
        return hooks_.changed();
    }
    people_.renamed(from, to);
    outbox_.rename(from, to, [this](std::string_view a, std::string_view b) { return same(a, b); });
    if (same(from, nick_.wanted())) urgent(compose("NICK", {nick_.wanted()}));
}

void Session::on_ison(const Line& line) {
    if (online() && !same(nick_.now(), nick_.wanted()) && shared::trim(line.last()).empty())
        urgent(compose("NICK", {nick_.wanted()}));
}

void Session::on_quit(const Line& line) {
    const std::string nick(line.nick());
    people_.quit(nick);
    outbox_.drop_if([&](const Outbox::Item& i) { return same(i.target, nick); });
    if (!is_me(nick) && same(nick, nick_.wanted())) urgent(compose("NICK", {nick_.wanted()}));
}

// ---- channels

void Session::on_join(const Line& line) {
    const std::string_view channel = line.param(0);
    if (!is_me(line.nick())) {
        if (!needs_people()) return;
        people_.joined(line.nick(), channel);
        if (login_.has("extended-join")) people_.set_account(line.nick(), line.param(1));
        return;
    }
    const size_t mark = line.source.find('!');
    if (mark != line.source.npos) user_host_ = line.source.substr(mark + 1);
    Room* r = rooms_.find(channel);
    // Somebody's force, or a forward: it is only where it is wanted.
    if (!r) return urgent(compose("PART", {channel}));
    rooms_.joined(*r, now_);
    if (needs_people() && whox_)
        urgent(compose("WHO", {channel, "%tcnfa," + std::string(kWhoToken)}));
    hooks_.changed();
}

void Session::on_part(const Line& line) {
    if (is_me(line.nick())) return left(line.param(0), "the bot was taken out of it");
    people_.left(line.nick(), line.param(0));
}

void Session::on_kick(const Line& line) {
    if (!is_me(line.param(1))) return people_.left(line.param(1), line.param(0));
    left(line.param(0),
         "kicked by " + quoted_text(line.nick()) + ": " + quoted_text(line.param(2)));
}

void Session::left(std::string_view channel, std::string why) {
    people_.closed(channel);
    Room* r = rooms_.find(channel);
    if (!r || r->state == Room::State::out) return;
    mh::log::warn("irc: out of " + r->name + ": " + why);
    rooms_.kicked(*r, std::move(why), now_);
    hooks_.changed();
}

void Session::on_invite(const Line& line) {
    Room* r = rooms_.find(line.param(1));
    if (r && r->state == Room::State::out && is_me(line.param(0))) r->next = now_;
}

void Session::on_join_refused(const Line& line) {
    Room* r = rooms_.find(line.param(1));
    if (!r || r->state != Room::State::joining) return;
    std::string why = quoted_text(line.last());
    if (line.command == "470") why = "it forwards to " + quoted_text(line.param(2));
    const std::string text =
        "irc: " + r->name + " does not let the bot in: " + why + "; tried again from time to time";
    if (!rooms_.refused(*r, std::move(why), now_)) return;
    mh::log::warn(text);
    hooks_.changed();
}

bool Session::needs_people() const {
    return !login_.has("account-tag") && login_.has("account-notify");
}

void Session::on_names(const Line& line) {
    if (!needs_people() || !rooms_.find(line.param(2))) return;
    shared::for_each_item(line.last(), ' ', [&](std::string_view item) {
        item.remove_prefix(std::min(item.find_first_not_of(nick_prefixes_), item.size()));
        people_.joined(item, line.param(2));
    });
}

void Session::on_who(const Line& line) {
    // Ours: nick, token, channel, nick, flags, account.
    if (line.params.size() != 6 || line.param(1) != kWhoToken) return;
    people_.set_account(line.param(3), line.param(5));
    if (!robot_flag_.empty() && line.param(4).find(robot_flag_) != std::string_view::npos)
        people_.set_robot(line.param(3));
}

void Session::on_account(const Line& line) { people_.set_account(line.nick(), line.param(0)); }

std::string Session::detail() const {
    std::string out = "as " + nick_.now();
    const std::string in = list_of(rooms_.all(), Room::State::in);
    if (!in.empty()) out += " in " + in;
    for (const Room& r : rooms_.all())
        if (!r.trouble.empty()) out += "; " + r.name + ": " + r.trouble;
    return out;
}

}  // namespace microhost::bot::irc
