// SPDX-License-Identifier: Apache-2.0
#include "irc_rig.hpp"
#include "modules/shared/base64.hpp"

using namespace microhost::bot::irc::test;

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
}
