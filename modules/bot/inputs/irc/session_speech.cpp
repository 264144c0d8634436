// SPDX-License-Identifier: Apache-2.0
// What people say to the bot, and what it says to them.
#include <microhost/host.hpp>

#include <algorithm>
#include <ctime>

#include "../../../shared/text.hpp"
#include "session.hpp"

namespace microhost::bot::irc {
namespace {

constexpr size_t kLongestCtcp = 100, kLongestUserHost = 11 + 1 + 64;
/// Servers and bouncers play back what was said before we came; nobody waits for an answer to that.
constexpr int64_t kPast_s = 60;

/// "2026-11-29T10:00:00.000Z"; 0: it is no time.
int64_t seconds_of(std::string_view text) {
    std::tm t{};
    const std::string s(text.substr(0, 19));
    const char* end = strptime(s.c_str(), "%Y-%m-%dT%H:%M:%S", &t);
    return end && *end == '\0' ? static_cast<int64_t>(timegm(&t)) : 0;
}

/// Nothing in it ends the line, paints it, or makes it a CTCP.
std::string sayable(std::string_view line) { return clean(without_formatting(line)); }

}  // namespace

void Session::note_time(const Line& line) {
    if (line.command == "PRIVMSG" || !login_.has("server-time")) return;
    if (const auto t = line.tag("time")) server_time_s_ = std::max(server_time_s_, seconds_of(*t));
}

// By the server's own clock: ours may be wrong.
bool Session::from_the_past(const Line& line) const {
    const auto t = login_.has("server-time") ? line.tag("time") : std::nullopt;
    const int64_t at = t ? seconds_of(*t) : 0;
    return at != 0 && server_time_s_ != 0 && at + kPast_s < server_time_s_;
}

Sender Session::sender(const Line& line) const {
    Sender out;
    out.name = line.nick();
    std::string account;
    // A tag says it for this very message; without it, what the server has told of who is in our channels. Never the nick.
    if (login_.has("account-tag"))
        account = known_account(line.tag("account").value_or(""));
    else if (needs_people())
        account = people_.account(out.name);
    if (!account.empty()) out.identity = "irc:" + network_ + "/" + account;
    out.robot = people_.robot(out.name);
    if (!login_.has("message-tags")) return out;
    for (const char* tag : {"bot", "draft/bot", "inspircd.org/bot"})
        out.robot = out.robot || line.tag(tag).has_value();
    return out;
}

void Session::on_message(const Line& line) {
    const bool person = line.source.find('!') != line.source.npos;
    if (!online() || !person || is_me(line.nick()) || from_the_past(line)) return;
    const std::string_view target = line.param(0), said = line.param(1);
    if (said.starts_with('\x01')) return on_ctcp(line, said);
    Message m;
    // Neither to us nor to a channel that we are in: to its operators ("@#ops"), say, and the answer would go to all.
    const bool direct = is_me(target);
    if (!direct && !rooms_.in(target)) return;
    ++received_;
    const std::string text = without_formatting(said);
    const auto rest = after_mention(text, nick_.now(), map_);
    m.text = rest ? *rest : shared::trim(text);
    m.addressed = direct || rest;
    if (m.text.empty() && !m.addressed) return;
    m.from = sender(line);
    if (!direct) m.place.room = rooms_.find(target)->name;
    m.place.peer = line.nick();
    hooks_.heard(std::move(m));
}

void Session::on_ctcp(const Line& line, std::string_view text) {
    text.remove_prefix(1);
    text = text.substr(0, text.find('\x01'));
    if (!is_me(line.param(0)) || text.size() > kLongestCtcp || !ctcp_pace_.take(now_)) return;
    const std::string_view what = text.substr(0, text.find(' '));
    std::string answer;
    if (what == "VERSION") answer = "VERSION microhost";
    if (what == "PING") answer = text;
    if (answer.empty() || !is_word(line.nick())) return;
    urgent(compose("NOTICE", {line.nick()}, '\x01' + answer + '\x01'));
}

// ---- the way out

bool Session::may_speak_to(std::string_view target) const {
    const bool channel = target.find_first_of("#&+!") == 0;
    return online() && (!channel || rooms_.in(target));
}

// The server puts who we are in front for the others, and cuts off what is over 512 bytes then.
size_t Session::room_for_text(std::string_view target) const {
    const size_t who =
        nick_.now().size() + 1 + (user_host_.empty() ? kLongestUserHost : user_host_.size());
    const size_t around = 1 + who + std::string_view(" PRIVMSG ").size() + target.size() + 2 + 2;
    return kLongestLine > around + 100 ? kLongestLine - around : 100;
}

bool Session::say(const Place& to, std::string_view text, ms now) {
    now_ = now;
    const std::string target = to.direct() ? to.peer : to.room;
    const bool person = is_word(target) && target.find_first_of("#&+!$@,*?") == target.npos;
    // Not to a nick while we do not know whose it is.
    if (to.direct() ? !person || !online() : rooms_.find(target) == nullptr) return false;
    bool all = true;
    while (!text.empty()) {
        const std::string_view raw = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(raw.size() + 1, text.size()));
        const std::string line = sayable(raw);
        for (std::string_view rest = line; !shared::trim(rest).empty();) {
            const size_t n = fitting_words(rest, room_for_text(target));
            all = outbox_.push({target, std::string(rest.substr(0, n)), now}) && all;
            rest.remove_prefix(n);
        }
    }
    if (online()) flush();
    return all;
}

void Session::on_not_sent(const Line& line) {
    Room* r = rooms_.find(line.param(1));
    if (!r) return;
    const std::string why = "it does not let the bot speak: " + quoted_text(line.last());
    if (r->trouble == why) return;
    r->trouble = why;
    mh::log::warn("irc: " + r->name + ": " + why);
    hooks_.changed();
}

void Session::on_no_such_nick(const Line& line) {
    const std::string nick(line.param(1));
    outbox_.drop_if([&](const Outbox::Item& i) { return same(i.target, nick); });
}

}  // namespace microhost::bot::irc
