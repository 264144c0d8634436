// SPDX-License-Identifier: Apache-2.0
#include "irc_rig.hpp"

using namespace microhost::bot::irc::test;

TEST_SUITE("modules/bot/irc") {
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
