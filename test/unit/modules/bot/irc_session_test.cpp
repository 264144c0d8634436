// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <microhost/json.hpp>

#include <algorithm>

#include "module/abi/tables.hpp"
#include "modules/bot/inputs/irc/session.hpp"
#include "modules/shared/base64.hpp"

using namespace microhost::bot;
using namespace microhost::bot::irc;
using namespace std::string_literals;

namespace {

/// As ngircd 26.1 welcomes: one capability, nicks of nine letters.
constexpr const char* kNgircd =
    ":irc.test 001 microbot :Welcome to the Internet Relay Network microbot!~microbot@127.0.0.1\r\n"
    ":irc.test 005 microbot RFC2812 IRCD=ngIRCd CHARSET=UTF-8 CASEMAPPING=ascii "
    "PREFIX=(qaohv)~&@%+ "
    "CHANTYPES=#&+ CHANLIMIT=#&+:10 :are supported on this server\r\n"
    ":irc.test 005 microbot CHANNELLEN=50 NICKLEN=9 TOPICLEN=490 PENALTY FNC :are supported on "
    "this server\r\n"
    ":irc.test 422 microbot :MOTD file is missing\r\n";
/// As InspIRCd 3.15 does.
constexpr const char* kInspircd =
    ":irc.test 001 microbot :Welcome to the TestNet IRC Network microbot!microbot@127.0.0.1\r\n"
    ":irc.test 005 microbot AWAYLEN=200 BOT=B CASEMAPPING=rfc1459 CHANTYPES=# :are supported by "
    "this server\r\n"
    ":irc.test 005 microbot NETWORK=TestNet NICKLEN=30 PREFIX=(ov)@+ STATUSMSG=@+ :are supported "
    "by this server\r\n"
    ":irc.test 005 microbot WHOX :are supported by this server\r\n"
    ":irc.test 422 microbot :Message of the day file is missing.\r\n";
constexpr const char* kInspircdCaps =
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

const Place kOps{"#ops", "ada", ""}, kAda{"", "ada", ""};

}  // namespace

TEST_SUITE("modules/bot/irc") {
    TEST_CASE("a server with nearly nothing is logged in to, and the channel joined") {
        Rig r;
        r.settings.password = "serverword";
        r.session->open(r.now);
        CHECK(r.sent == std::vector<std::string>{"CAP LS 302", "PASS :serverword", "NICK microbot",
                                                 "USER microbot 0 * :microhost bot"});
        r.take(":irc.test CAP * LS :multi-prefix\r\n");
        CHECK(r.sent.back() == "CAP REQ :multi-prefix");
        r.take(":irc.test CAP microbot ACK :multi-prefix\r\n");
        CHECK(r.sent.back() == "CAP END");
        r.take(kNgircd);
        CHECK(r.session->online());
        CHECK(r.sent.back() == "JOIN #ops");
        r.take(":microbot!~microbot@127.0.0.1 JOIN :#ops\r\n");
        CHECK(r.session->detail() == "as microbot in #ops");
    }

    TEST_CASE("a server without CAP is fine too, whether it complains or not") {
        Rig r;
        r.session->open(r.now);
        r.take(":irc.test 421 * CAP :Unknown command\r\n"s + kNgircd);
        CHECK(r.session->online());
        CHECK(r.ends.empty());
    }

    TEST_CASE("capabilities come in several lines, come later, and go") {
        Rig r;
        r.session->open(r.now);
        r.take(":s CAP * LS * :account-tag sasl\r\n");
        CHECK(r.count("CAP REQ") == 0);
        r.take(":s CAP * LS :server-time echo-message foo=bar\r\n");
        CHECK(r.sent.back() == "CAP REQ :account-tag server-time");
        r.take(":s CAP * NAK :account-tag server-time\r\n");
        CHECK(r.sent.back() == "CAP END");
        r.take(kNgircd);
        r.take(":s CAP microbot NEW :account-tag\r\n");
        CHECK(r.sent.back().starts_with("CAP REQ :account-tag"));
        r.take(":s CAP microbot ACK :account-tag\r\n:microbot!m@h JOIN #ops\r\n");
        r.take("@account=Ada :ada!a@h PRIVMSG #ops :microbot: x\r\n");
        CHECK(r.heard.back().from.identity == "irc:irc.example.org/ada");
        r.take(":s CAP microbot DEL :account-tag\r\n");
        r.take("@account=ada :ada!a@h PRIVMSG #ops :microbot: x\r\n");
        CHECK(r.heard.back().from.identity.empty());
    }

    TEST_CASE("SASL PLAIN as InspIRCd with atheme does it, colon and all") {
        Rig r({"#ops"}, true);
        r.session->open(r.now);
        r.take(kInspircdCaps);
        r.take(":irc.test CAP 972AAAAAA ACK :" + r.request() + "\r\n");
        CHECK(r.sent.back() == "AUTHENTICATE PLAIN");
        r.take("AUTHENTICATE :+\r\n");
        CHECK(r.sent.back() ==
              "AUTHENTICATE " + microhost::shared::base64_encode("bot\0bot\0word"s));
        CHECK(r.count("CAP END") == 0);
        r.take(
            ":irc.test 900 microbot microbot!microbot@127.0.0.1 bot :You are now logged in as "
            "bot\r\n"
            ":irc.test 903 microbot :SASL authentication successful\r\n");
        CHECK(r.sent.back() == "CAP END");
        r.take(kInspircd);
        CHECK(r.session->online());
        CHECK(r.wrote("MODE microbot +B"));
        CHECK(r.ends.empty());
    }

    TEST_CASE("what the account or the server refuses is one clear line, for good") {
        const auto refused = [](const std::string& said) {
            Rig r({"#ops"}, true);
            r.session->open(r.now);
            r.take(":s CAP * LS :sasl=PLAIN\r\n:s CAP * ACK :sasl\r\nAUTHENTICATE +\r\n" + said);
            REQUIRE(r.ends.size() == 1);
            CHECK(r.ends[0].refused);
            CHECK(r.ends[0].why.find('\n') == std::string::npos);
            CHECK(r.ends[0].why.find("word)") == std::string::npos);
            return r.ends[0].why;
        };
        CHECK(refused(":s 904 * :SASL authentication failed\r\nERROR :x\r\n") ==
              "the server does not accept the account bot with PLAIN: check irc_account and "
              "irc_account_password (it says \"SASL authentication failed\")");
        CHECK(refused(":s 908 * EXTERNAL :are available\r\n:s 904 * :no\r\n")
                  .find("it takes \"EXTERNAL\"") != std::string::npos);
        CHECK(refused(":s 905 * :too long\r\n").find("too long") != std::string::npos);
        CHECK(refused(":s 464 * :Password incorrect\r\n") ==
              "the server wants another password: check irc_password (it says \"Password "
              "incorrect\")");
        CHECK(refused(":s 465 * :You are \x02"
                      "banned\r\n") == "the server bans the bot (it says \"You are banned\")");
    }

    TEST_CASE("without SASL the bot does not go on as nobody, and tries again") {
        Rig r({"#ops"}, true);
        r.session->open(r.now);
        r.take(":s CAP * LS :account-tag\r\n");
        r.take(":s CAP * ACK :account-tag\r\n");
        REQUIRE(r.ends.size() == 1);
        CHECK_FALSE(r.ends[0].refused);
        Rig q({"#ops"}, true);
        q.session->open(q.now);
        q.take(kNgircd);
        REQUIRE(q.ends.size() == 1);
        CHECK_FALSE(q.ends[0].refused);
        Rig p({"#ops"}, true);
        p.session->open(p.now);
        p.take(":s CAP * LS :sasl=EXTERNAL\r\n:s CAP * ACK :sasl\r\n");
        REQUIRE(p.ends.size() == 1);
        CHECK(p.ends[0].why == "the server logs in with \"EXTERNAL\" only: set irc_sasl");
        CHECK(p.ends[0].refused);
    }

    TEST_CASE("a server that does not prove itself with SCRAM is not believed") {
        Rig r({"#ops"}, true);
        r.settings.sasl = "scram-sha-256";
        r.session->open(r.now);
        r.take(":s CAP * LS :sasl\r\n:s CAP * ACK :sasl\r\nAUTHENTICATE +\r\n");
        CHECK(r.sent.back().starts_with("AUTHENTICATE biws"));  // n,,
        r.take(":s 903 microbot :fine\r\n");
        REQUIRE(r.ends.size() == 1);
        CHECK(r.ends[0].refused);
    }

    TEST_CASE("a taken nick gets a tail, and comes back when it is free") {
        Rig r;
        r.session->open(r.now);
        r.take(":irc.test 433 * microbot :Nickname already in use\r\n");
        CHECK(r.sent.back() == "NICK microbot_");
        std::string welcome = kNgircd;
        for (size_t i = 0; (i = welcome.find(" microbot ", i)) != welcome.npos; i += 3)
            welcome.replace(i, 10, " microbot_ ");
        r.take(welcome);
        CHECK(r.session->detail() == "as microbot_");
        r.pass(ms(31'000));
        CHECK(r.wrote("ISON microbot"));
        r.take(":irc.test 303 microbot_ :microbot\r\n");
        CHECK(r.count("NICK microbot") == 1 + 1);  // as before: the first one, and with the tail
        r.take(":irc.test 303 microbot_ :\r\n");
        CHECK(r.sent.back() == "NICK microbot");
        r.take(":microbot_!~m@h NICK :microbot\r\n");
        CHECK(r.session->detail() == "as microbot");
        r.sent.clear();
        r.take(":microbot!~m@h NICK :microbot_\r\n:other!x@h NICK :microbot\r\n");
        CHECK(r.sent.empty());
        r.take(":microbot!x@h QUIT :bye\r\n");
        CHECK(r.sent == std::vector<std::string>{"NICK microbot"});
    }

    TEST_CASE("a nick that is too long for ngircd is tried with nine letters") {
        Rig r;
        r.settings.nick = "microhostbot";
        r.session.emplace(r.settings, r.hooks());
        r.session->open(r.now);
        r.take(":irc.test 432 * microhostbot :Nickname too long, max. 9 characters\r\n");
        CHECK(r.sent.back() == "NICK microhost");
        r.take(":irc.test 433 * microhost :Nickname already in use\r\n");
        CHECK(r.sent.back() == "NICK microhos_");
        r.take(":irc.test 432 * microhos_ :Erroneous nickname\r\n");
        REQUIRE(r.ends.size() == 1);
        CHECK(r.ends[0].refused);
    }

    TEST_CASE("who is meant is heard: a private message, or the nick in front") {
        Rig r;
        r.online();
        r.take(":ada!~u@127.0.0.1 PRIVMSG #OPS :\x02MicroBot\x02: list services\r\n");
        r.take(":ada!~u@127.0.0.1 PRIVMSG microbot :ping\r\n");
        r.take(":ada!~u@127.0.0.1 PRIVMSG #ops :good morning\r\n");
        REQUIRE(r.heard.size() == 3);
        CHECK(r.heard[0].addressed);
        CHECK(r.heard[0].text == "list services");
        CHECK(r.heard[0].place.room == "#ops");
        CHECK(r.heard[0].from.name == "ada");
        CHECK(r.heard[0].from.identity.empty());
        CHECK(r.heard[1].addressed);
        CHECK(r.heard[1].place.direct());
        CHECK_FALSE(r.heard[2].addressed);
    }

    TEST_CASE("nobody hears notices, servers, itself, other channels and what is for operators") {
        Rig r;
        r.online();
        r.take(
            ":ada!u@h NOTICE microbot :ping\r\n:irc.test PRIVMSG microbot :ping\r\n"
            ":microbot!u@h PRIVMSG #ops :microbot: ping\r\n:ada!u@h PRIVMSG #dev :microbot: "
            "ping\r\n"
            ":ada!u@h PRIVMSG @#ops :microbot: ping\r\n:ada!u@h PRIVMSG #ops :\x01"
            "ACTION waves\x01\r\n"
            ":ada!u@h PRIVMSG\r\n:ada!u@h PRIVMSG #ops\r\nPRIVMSG #ops :microbot: x\r\n");
        CHECK(r.heard.empty());
    }

    TEST_CASE("the account is the identity, whatever the nick says") {
        Rig r;
        r.online(kInspircd);
        r.take(
            "@account=ada :ada!u@h PRIVMSG #ops :microbot: x\r\n"
            ":ada!u@h PRIVMSG #ops :microbot: x\r\n"
            "@account=* :ada!u@h PRIVMSG microbot :x\r\n"
            "@+account=ada :ada!u@h PRIVMSG microbot :x\r\n"
            "@account=ada;inspircd.org/bot;bot :robot!u@h PRIVMSG #ops :microbot: x\r\n");
        REQUIRE(r.heard.size() == 5);
        CHECK(r.heard[0].from.identity == "irc:testnet/ada");
        CHECK_FALSE(r.heard[0].from.robot);
        for (int i : {1, 2, 3}) CHECK(r.heard[static_cast<size_t>(i)].from.identity.empty());
        CHECK(r.heard[4].from.robot);
    }

    TEST_CASE("without tags the account is what the server told of who is there") {
        Rig r;
        r.session->open(r.now);
        r.take(
            ":s CAP * LS :account-notify extended-join\r\n:s CAP * ACK :account-notify "
            "extended-join\r\n");
        r.take(kInspircd);
        r.take(":microbot!m@h JOIN #ops bot :b\r\n:s 353 microbot = #ops :@ada +bob microbot\r\n");
        CHECK(r.wrote("WHO #ops %tcnfa,770"));
        r.take(
            ":s 354 microbot 770 #ops ada H@ :Ada\r\n:s 354 microbot 770 #ops bob HB :bob\r\n"
            ":s 354 microbot 771 #ops eve H :root\r\n:eve!u@h JOIN #ops * :e\r\n");
        const auto identity = [&](const std::string& nick) {
            r.take(":" + nick + "!u@h PRIVMSG microbot :x\r\n");
            return r.heard.back().from.identity;
        };
        CHECK(identity("ADA") == "irc:testnet/ada");
        CHECK(identity("bob") == "irc:testnet/bob");
        CHECK(r.heard.back().from.robot);
        CHECK(identity("eve").empty());
        r.take(":eve!u@h ACCOUNT eve\r\n");
        CHECK(identity("eve") == "irc:testnet/eve");
        r.take(":eve!u@h ACCOUNT *\r\n");
        CHECK(identity("eve").empty());
        r.take(":ada!u@h QUIT :x\r\n:ada!other@h JOIN #ops * :a\r\n");
        CHECK(identity("ada").empty());
    }

    TEST_CASE("what was said before the bot came is not answered") {
        Rig r;
        r.online(kInspircd);
        r.take(
            "@time=2026-11-29T10:00:00.000Z :irc.test PONG irc.test :x\r\n"
            "@time=2026-11-29T09:50:00.000Z :ada!u@h PRIVMSG microbot :old\r\n"
            "@time=2026-11-29T10:00:01.000Z :ada!u@h PRIVMSG microbot :new\r\n"
            "@time=rubbish :ada!u@h PRIVMSG microbot :odd\r\n");
        REQUIRE(r.heard.size() == 2);
        CHECK(r.heard[0].text == "new");
    }

    TEST_CASE("CTCP is answered, but only so much of it") {
        Rig r;
        r.online();
        for (int i = 0; i < 20; ++i) r.take(":ada!u@h PRIVMSG microbot :\x01PING 123\x01\r\n");
        CHECK(r.count("NOTICE ada :\x01PING 123\x01") == 3);
        r.pass(ms(60'000));
        r.take(":ada!u@h PRIVMSG microbot :\x01VERSION\x01\r\n");
        CHECK(r.sent.back() == "NOTICE ada :\x01VERSION microhost\x01");
        r.take(":ada!u@h PRIVMSG #ops :\x01VERSION\x01\r\n:ada!u@h PRIVMSG microbot :\x01PING " +
               std::string(200, 'x') + "\x01\r\n");
        CHECK(r.count("NOTICE") == 4);
    }

    TEST_CASE("a long answer is cut so that what the others get is no longer than a line") {
        Rig r;
        r.online();
        std::string text;
        for (int i = 0; i < 400; ++i) text += "\xc3\xa9t\xc3\xa9 ";
        CHECK(r.session->say(kOps, text, r.now));
        r.pass(ms(30'000));
        CHECK(r.count("PRIVMSG #ops :") == r.sent.size());
        std::string whole;
        for (const auto& s : r.sent) {
            CHECK((":microbot!~microbot@127.0.0.1 " + s + "\r\n").size() <= 512);
            CHECK(s.size() > 380 - (&s == &r.sent.back() ? 380 : 0));
            whole += s.substr(14);
        }
        CHECK(whole == text);
    }

    TEST_CASE("answers are sent slowly, one channel's silence does not hold up the rest") {
        Rig r({"#ops", "#dev"});
        r.online();
        r.take(":irc.test 474 microbot #dev :Cannot join channel (+b)\r\n");
        r.pass(ms(20'000));
        r.sent.clear();
        for (int i = 0; i < 10; ++i) r.session->say({"#dev", "", ""}, "never", r.now);
        for (int i = 0; i < 10; ++i) r.session->say(kOps, "line " + std::to_string(i), r.now);
        CHECK(r.count("PRIVMSG") == 5);
        r.pass(ms(1'900));
        CHECK(r.count("PRIVMSG") == 5);
        r.pass(ms(200));
        CHECK(r.count("PRIVMSG") == 6);
        r.pass(ms(8'000));
        CHECK(r.count("PRIVMSG #ops :line 9") == 1);
        CHECK(r.session->outbox().size() == 10);
    }

    TEST_CASE("nothing that an answer contains is a line or a command of its own") {
        Rig r;
        r.online();
        r.session->say(kOps,
                       "a\r\nQUIT :b\n\n\x01"
                       "ACTION c\x01\x03"
                       "4d\0e"s,
                       r.now);
        CHECK(r.sent == std::vector<std::string>{"PRIVMSG #ops :a", "PRIVMSG #ops :QUIT :b",
                                                 "PRIVMSG #ops :ACTION cde"});
        CHECK_FALSE(r.session->say({"", "a,b", ""}, "x", r.now));
        CHECK_FALSE(r.session->say({"", "#dev", ""}, "x", r.now));
        CHECK_FALSE(r.session->say({"", "$*", ""}, "x", r.now));
        CHECK_FALSE(r.session->say({"", "a b", ""}, "x", r.now));
        CHECK_FALSE(r.session->say({"#nowhere", "", ""}, "x", r.now));
    }

    TEST_CASE("an answer follows whoever changes the nick, and is dropped for who left") {
        Rig r;
        r.online();
        for (int i = 0; i < 5; ++i) r.session->say(kOps, "x", r.now);
        r.session->say(kAda, "for ada", r.now);
        r.session->say({"", "bob", ""}, "for bob", r.now);
        r.take(":ada!u@h NICK ada2\r\n:bob!u@h QUIT :x\r\n");
        r.pass(ms(10'000));
        CHECK(r.wrote("PRIVMSG ada2 :for ada"));
        CHECK(r.count("PRIVMSG bob") == 0);
    }

    TEST_CASE("the next connection says what was for the channel, not what was for a nick") {
        Rig r;
        r.online();
        for (int i = 0; i < 6; ++i) r.session->say(kOps, "line", r.now);
        r.session->say(kAda, "secret", r.now);
        r.session->close();
        CHECK_FALSE(r.session->online());
        CHECK_FALSE(r.session->say(kAda, "secret", r.now));
        r.sent.clear();
        r.online();
        CHECK(r.session->outbox().size() == 0);
        CHECK(r.session->sent() == 6);
    }

    TEST_CASE("a kick is answered by coming back, a ban by waiting") {
        Rig r;
        r.online();
        r.take(":ada!u@h KICK #ops microbot :away\r\n");
        CHECK(r.session->detail() == "as microbot; #ops: kicked by \"ada\": \"away\"");
        CHECK(r.count("JOIN") == 0);
        r.pass(ms(10'000));
        CHECK(r.count("JOIN #ops") == 1);
        r.take(":irc.test 474 microbot #ops :Cannot join channel (+b)\r\n");
        CHECK(r.session->detail() == "as microbot; #ops: \"Cannot join channel (+b)\"");
        r.pass(ms(59'000));
        CHECK(r.count("JOIN #ops") == 1);
        r.take(":ada!u@h INVITE microbot :#ops\r\n");
        r.pass(ms(100));
        CHECK(r.count("JOIN #ops") == 2);
        r.take(":microbot!m@h JOIN :#ops\r\n");
        CHECK(r.session->detail() == "as microbot in #ops");
        r.take(":microbot!m@h JOIN :#elsewhere\r\n");
        CHECK(r.sent.back() == "PART #elsewhere");
    }

    TEST_CASE("pings are answered, and a silent server is given up") {
        Rig r;
        r.online();
        r.take("PING :irc.test\r\n");
        CHECK(r.sent.back() == "PONG :irc.test");
        r.pass(ms(91'000));
        CHECK(r.count("PING :microhost") == 1);
        r.take(":irc.test PONG irc.test :microhost\r\n");
        r.pass(ms(119'000));
        CHECK(r.ends.empty());
        r.pass(ms(31'000));
        REQUIRE(r.ends.size() == 1);
        CHECK(r.ends[0].why == "the server is silent: the connection is taken for dead");
        Rig q;
        q.session->open(q.now);
        q.pass(ms(61'000));
        REQUIRE(q.ends.size() == 1);
    }

    TEST_CASE("a server that sends us away is believed, and stayed away from when it says so") {
        Rig r;
        r.session->open(r.now);
        r.take("ERROR :Closing Link: x (Trying to reconnect too fast.)\r\nPING :x\r\n");
        REQUIRE(r.ends.size() == 1);
        CHECK(r.ends[0].stay_away == ms(60'000));
        CHECK_FALSE(r.ends[0].refused);
        CHECK(r.count("PONG") == 0);
        Rig q;
        q.online();
        q.take("ERROR :Closing Link: killed\r\n");
        CHECK(q.ends[0].stay_away == ms(0));
        Rig p;
        p.session->open(p.now);
        p.take("ERROR :Access denied: Bad password?\r\n");  // ngircd
        CHECK(p.ends[0].refused);
    }

    TEST_CASE(
        "hostile bytes, whole and one by one, end in nothing worse than a closed connection") {
        std::string all =
            ":\r\n@\r\n@=;=;\\ :x\r\n:a!b@c PRIVMSG\r\n:a!b@c NICK\r\n:a!b@c JOIN\r\n:microbot!x@y "
            "JOIN\r\n:x KICK #ops\r\n:x KICK\r\nCAP\r\nCAP * LS\r\nCAP * ACK "
            ":sasl\r\nAUTHENTICATE\r\n"
            "005\r\n:s 005 me NICKLEN= NICKLEN=x NICKLEN=999999 PREFIX=( PREFIX=) NETWORK=/// "
            "BOT=\r\n"
            "353\r\n354 a b c d e f\r\n303\r\n433\r\n001\r\n:s 903 x\r\n:s "
            "471\r\n401\r\nACCOUNT\r\n";
        for (int c = 0; c < 256; ++c)
            all += ":a!b@c PRIVMSG microbot :"s + static_cast<char>(c) + "\xff\r\n"s;
        all += std::string(70'000, '\xfe') + "\r\n";
        for (const size_t step : {size_t{1}, size_t{7}, all.size()}) {
            Rig r;
            r.online();
            for (size_t i = 0; i < all.size(); i += step) r.take(all.substr(i, step));
            r.take(":ada!u@h PRIVMSG microbot :still there\r\n");
            CHECK(r.heard.back().text == "still there");
            Rig q;
            q.session->open(q.now);
            q.take(all);
        }
    }

    TEST_CASE("the next generation goes on where this one stopped") {
        Rig r;
        r.online(kInspircd);
        for (int i = 0; i < 7; ++i) r.session->say(kOps, "line", r.now);
        r.take("@account=ada :ada!u@h PRIVMSG #ops :micro");
        const std::string state = r.session->save();
        Rig n({"#ops", "#new"});
        REQUIRE(n.session->load(state, n.now));
        CHECK(n.session->online());
        CHECK(n.session->detail() == "as microbot in #ops");
        n.take("bot: hello\r\n");
        REQUIRE(n.heard.size() == 1);
        CHECK(n.heard[0].from.identity == "irc:testnet/ada");
        n.pass(ms(20'000));
        CHECK(n.count("PRIVMSG #ops :line") == 2);
        CHECK(n.count("NICK") + n.count("USER") + n.count("JOIN #ops") == 0);
        CHECK(n.count("JOIN #new") == 1);
        Rig other({"#else"});
        REQUIRE(other.session->load(state, other.now));
        CHECK(other.wrote("PART #ops"));
        CHECK_FALSE(n.session->load("{}", n.now));
        CHECK_FALSE(n.session->load("no JSON", n.now));
    }
}
