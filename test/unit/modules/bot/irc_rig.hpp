// SPDX-License-Identifier: Apache-2.0
/// A session of the bot in IRC with a server and a clock that the test plays.
#pragma once

#include <doctest/doctest.h>
#include <microhost/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "module/abi/tables.hpp"
#include "modules/bot/inputs/irc/session.hpp"

namespace microhost::bot::irc::test {

using namespace microhost::bot;
using namespace microhost::bot::irc;
using namespace std::string_literals;

/// As ngircd 26.1 welcomes: one capability, nicks of nine letters.
inline constexpr const char* kNgircd =
    ":irc.test 001 microbot :Welcome to the Internet Relay Network microbot!~microbot@127.0.0.1\r\n"
    ":irc.test 005 microbot RFC2812 IRCD=ngIRCd CHARSET=UTF-8 CASEMAPPING=ascii "
    "PREFIX=(qaohv)~&@%+ "
    "CHANTYPES=#&+ CHANLIMIT=#&+:10 :are supported on this server\r\n"
    ":irc.test 005 microbot CHANNELLEN=50 NICKLEN=9 TOPICLEN=490 PENALTY FNC :are supported on "
    "this server\r\n"
    ":irc.test 422 microbot :MOTD file is missing\r\n";
/// As InspIRCd 3.15 does.
inline constexpr const char* kInspircd =
    ":irc.test 001 microbot :Welcome to the TestNet IRC Network microbot!microbot@127.0.0.1\r\n"
    ":irc.test 005 microbot AWAYLEN=200 BOT=B CASEMAPPING=rfc1459 CHANTYPES=# :are supported by "
    "this server\r\n"
    ":irc.test 005 microbot NETWORK=TestNet NICKLEN=30 PREFIX=(ov)@+ STATUSMSG=@+ :are supported "
    "by this server\r\n"
    ":irc.test 005 microbot WHOX :are supported by this server\r\n"
    ":irc.test 422 microbot :Message of the day file is missing.\r\n";
inline constexpr const char* kInspircdCaps =
    ":irc.test CAP 972AAAAAA LS :account-notify account-tag away-notify cap-notify echo-message "
    "extended-join "
    "inspircd.org/poison message-tags sasl=PLAIN,EXTERNAL server-time \r\n";

struct Rig {
    explicit Rig(std::vector<std::string> channels = {"#ops"}, bool account = false) {
        mh::the_table<mh_json> = &microhost::module::kJsonTable;
        settings.server = "irc.example.org:6697", settings.host = "irc.example.org";
        settings.channels = std::move(channels);
        settings.sasl = account ? "" : "none";
        if (account) settings.account = "bot", settings.account_password = "word";
        session.emplace(settings, hooks());
    }
    Session::Hooks hooks() {
        return {[this](std::string_view l) { sent.emplace_back(l.substr(0, l.size() - 2)); },
                [this](Message m) { heard.push_back(std::move(m)); }, [this] { ++changes; },
                [this](End e) { ends.push_back(std::move(e)); }};
    }
    void take(const std::string& bytes) { session->take(bytes, now); }
    /// Lets time pass as its owner does: as long as tick() says, in steps.
    void pass(ms time) {
        const ms end = now + time;
        while (now < end && ends.empty()) {
            const ms step = session->tick(now);
            now = std::min(end, now + step);
        }
        session->tick(now);
    }
    bool wrote(std::string_view line) const {
        return std::find(sent.begin(), sent.end(), line) != sent.end();
    }
    size_t count(std::string_view begin) const {
        return static_cast<size_t>(std::count_if(
            sent.begin(), sent.end(), [&](const std::string& s) { return s.starts_with(begin); }));
    }
    void online(const char* welcome = kNgircd) {
        session->open(now);
        take(welcome == kInspircd ? kInspircdCaps : ":irc.test CAP * LS :multi-prefix\r\n");
        if (count("CAP REQ")) take(":irc.test CAP microbot ACK :" + request() + "\r\n");
        take(welcome);
        take(":microbot!~microbot@127.0.0.1 JOIN :#ops\r\n");
        REQUIRE(session->online());
        pass(ms(30'000));  // the lines of the login are paid for
        sent.clear();
    }
    std::string request() const {
        for (const auto& s : sent)
            if (s.starts_with("CAP REQ :")) return s.substr(9);
        return "";
    }

    Settings settings;
    std::vector<std::string> sent;
    std::vector<Message> heard;
    std::vector<End> ends;
    int changes = 0;
    ms now{1'000'000};
    std::optional<Session> session;
};

inline const Place kOps{"#ops", "ada", ""}, kAda{"", "ada", ""};

}  // namespace microhost::bot::irc::test
