// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <microhost/host.hpp>

#include "modules/bot/inputs/irc/nick.hpp"
#include "modules/bot/inputs/irc/outbox.hpp"
#include "modules/bot/inputs/irc/people.hpp"
#include "modules/bot/inputs/irc/rooms.hpp"
#include "modules/bot/inputs/irc/sasl.hpp"
#include "modules/bot/inputs/irc/settings.hpp"
#include "modules/shared/base64.hpp"

using namespace microhost::bot::irc;
namespace shared = microhost::shared;

namespace {

const auto kAll = [](std::string_view) { return true; };

Settings settings() {
    Settings s;
    s.server = "irc.example.org";
    return s;
}

std::string why(Settings s) {
    try {
        s.check();
    } catch (const mh::failure& f) {
        return f.what();
    }
    return "";
}

}  // namespace

TEST_SUITE("modules/bot/irc") {
    TEST_CASE("five lines go at once, then one every two seconds") {
        Pace p(5, ms(2000));
        ms now(1'000'000);
        for (int i = 0; i < 5; ++i) CHECK(p.take(now));
        CHECK_FALSE(p.take(now));
        CHECK(p.wait(now) == ms(2000));
        CHECK_FALSE(p.take(now + ms(1999)));
        CHECK(p.take(now + ms(2000)));
        CHECK_FALSE(p.take(now + ms(2001)));
        now += ms(60'000);
        for (int i = 0; i < 5; ++i) CHECK(p.take(now));
        CHECK_FALSE(p.take(now));
    }

    TEST_CASE("what must go at once is paid by the rest, but not for ever") {
        Pace p(5, ms(2000));
        for (int i = 0; i < 1000; ++i) p.charge(ms(0));
        CHECK(p.wait(ms(0)) <= ms(12'000));
    }

    TEST_CASE("a full queue drops its oldest, and counts") {
        Outbox o;
        for (size_t i = 0; i < Outbox::kMost; ++i) CHECK(o.push({"#a", std::to_string(i), ms(0)}));
        CHECK_FALSE(o.push({"#a", "new", ms(0)}));
        CHECK(o.size() == Outbox::kMost);
        CHECK(o.dropped() == 1);
        CHECK(o.take(ms(0), kAll)->text == "1");
    }

    TEST_CASE("who may not be spoken to holds nobody up, and what is too old is dropped") {
        Outbox o;
        o.push({"#out", "a", ms(0)});
        o.push({"#in", "b", ms(0)});
        const auto in = [](std::string_view t) { return t == "#in"; };
        CHECK(o.take(ms(1), in)->text == "b");
        CHECK_FALSE(o.any(in));
        CHECK_FALSE(o.take(Outbox::kLongestWait + ms(1), kAll));
        CHECK(o.dropped() == 1);
    }

    TEST_CASE("an account is known as long as the person is in sight") {
        People p;
        p.set_account("ada", "Ada");  // not in sight
        CHECK(p.account("ada").empty());
        p.joined("Ada", "#a");
        p.joined("ada", "#B");
        p.set_account("ADA", "Ada");
        CHECK(p.account("ada") == "ada");
        p.left("ada", "#a");
        CHECK(p.account("ada") == "ada");
        p.renamed("ada", "ada_");
        CHECK(p.account("ada").empty());
        CHECK(p.account("ada_") == "ada");
        p.left("ada_", "#b");
        CHECK(p.account("ada_").empty());
        CHECK(p.size() == 0);
    }

    TEST_CASE("whoever takes over a nick takes over nothing else") {
        People p;
        p.joined("ada", "#a");
        p.set_account("ada", "ada");
        p.quit("ada");
        p.joined("ada", "#a");
        CHECK(p.account("ada").empty());
        p.set_account("ada", "ada");
        p.renamed("stranger", "ada");  // whom nobody has seen before
        CHECK(p.account("ada").empty());
        p.joined("bob", "#a");
        p.set_account("bob", "*");
        CHECK(p.account("bob").empty());
        p.set_account("bob", "0");
        CHECK(p.account("bob").empty());
        p.set_account("bob", "bob");
        p.closed("#A");
        CHECK(p.account("bob").empty());
    }

    TEST_CASE("no more people are remembered than fit") {
        People p;
        for (size_t i = 0; i < People::kMost + 10; ++i) p.joined("n" + std::to_string(i), "#a");
        CHECK(p.size() == People::kMost);
        CHECK(known_account(std::string(200, 'a')).empty());
        CHECK(known_account("a b").empty());
    }

    TEST_CASE("channels are joined one by one, and again after a refusal, slower each time") {
        Rooms r({"#a", "#b key"});
        Room* a = r.due(ms(0));
        CHECK(a->name == "#a");
        Room* b = r.due(ms(0));
        CHECK(b->key == "key");
        CHECK(r.due(ms(0)) == nullptr);
        r.joined(*a, ms(0));
        CHECK(r.in("#A"));
        CHECK(r.refused(*b, "banned", ms(0)));
        CHECK_FALSE(r.refused(*b, "banned", ms(0)));  // said once
        CHECK(r.due(ms(59'000)) == nullptr);
        CHECK(r.due(ms(60'000)) == b);
        for (int i = 0; i < 20; ++i) r.refused(*b, "banned", ms(0));
        CHECK(r.next_due() == Rooms::kLongestPause);
    }

    TEST_CASE("a bot that is kicked again and again stays out") {
        Rooms r({"#a"});
        ms now(0);
        unsigned joins = 0;
        for (; joins < 50; ++joins) {
            if (!r.next_due() || *r.next_due() > ms(100LL * 24 * 3'600'000)) break;
            now = *r.next_due();
            r.joined(*r.due(now), now);
            r.kicked(r.all()[0], "go away", now);
        }
        CHECK(joins == Rooms::kMostKicks + 1);
        r.reset();
        CHECK(r.due(now) != nullptr);
    }

    TEST_CASE("what is no channel is refused at the start") {
        for (const char* bad : {"", "ops", "#a,#b", "#a b c", "#a\rQUIT"})
            CHECK_THROWS_AS(Rooms(std::vector<std::string>{bad}), mh::failure);
        CHECK(Rooms({"#a", "#A"}).all().size() == 1);
    }

    TEST_CASE("a taken nick gets a tail that the server does not cut off") {
        Nick n("microbot");
        CHECK(n.taken() == "microbot_");
        CHECK(n.taken() == "microbot__");
        CHECK(n.taken() == "microbot3");
        n.reset();
        n.set_longest(9);
        n.taken();
        CHECK(n.taken() == "microbo__");
        for (int i = 2; i < 12; ++i) CHECK_FALSE(n.taken().empty());
        CHECK(n.taken().empty());
    }

    TEST_CASE("a nick that is too long is tried shorter, once") {
        Nick n("microhostbot");
        CHECK(n.refused() == "microhost");
        CHECK(n.refused().empty());
        CHECK(n.wanted() == "microhost");
        CHECK(Nick("short").refused().empty());
    }

    TEST_CASE("AUTHENTICATE has pieces of 400 bytes, and + says that nothing follows") {
        CHECK(authenticate_pieces("") == std::vector<std::string>{"+"});
        const auto exact = authenticate_pieces(std::string(300, 'a'));
        REQUIRE(exact.size() == 2);
        CHECK(exact[0].size() == 400);
        CHECK(exact[1] == "+");
        CHECK(authenticate_pieces(std::string(301, 'a')).size() == 2);

        Pieces p;
        CHECK(p.add(exact[0]) == Pieces::State::more);
        CHECK(p.add("+") == Pieces::State::complete);
        CHECK(p.take() == std::string(300, 'a'));
        CHECK(p.add("+") == Pieces::State::complete);
        CHECK(p.take().empty());
        CHECK(p.add("!!") == Pieces::State::bad);
        CHECK(p.add("") == Pieces::State::bad);
        for (int i = 0; i < 40; ++i) CHECK(p.add(std::string(400, 'A')) == Pieces::State::more);
        CHECK(p.add(std::string(400, 'A')) == Pieces::State::bad);
    }

    TEST_CASE("the mechanism is the one that was asked for, or the best that the server names") {
        Settings s = settings();
        s.account = "bot", s.account_password = "word";
        const auto chosen = [&](std::string_view offered) {
            const auto m = make_mechanism(s, offered);
            return m ? std::string(m->name()) : "";
        };
        CHECK(chosen("") == "PLAIN");
        CHECK(chosen("PLAIN,SCRAM-SHA-256") == "SCRAM-SHA-256");
        CHECK(chosen("EXTERNAL,PLAIN") == "PLAIN");
        CHECK(chosen("EXTERNAL") == "");
        s.sasl = "scram-sha-256";
        CHECK(chosen("PLAIN") == "");
        CHECK(chosen("") == "SCRAM-SHA-256");
        s.sasl = "external";
        CHECK(chosen("external") == "EXTERNAL");
        s.sasl = "plain";
        const std::string both("bot\0bot\0word", 12);
        CHECK(make_mechanism(s, "")->answer("") == both);
        CHECK_FALSE(make_mechanism(s, "")->answer("what"));
    }

    TEST_CASE("the address gets its port, and its host stands alone") {
        Settings s = settings();
        s.check();
        CHECK(s.server == "irc.example.org:6697");
        CHECK(s.host == "irc.example.org");
        CHECK(s.sasl == "none");
        s.server = "[::1]", s.tls = false;
        s.check();
        CHECK(s.server == "[::1]:6667");
        CHECK(s.host == "::1");
        for (const char* bad : {"", "h:", "h:x", "h:1:2", "[::1", "a b:1", "h:123456"}) {
            Settings t = settings();
            t.server = bad;
            CHECK(why(t).starts_with("irc_server: "));
        }
    }

    TEST_CASE("no password goes in the clear but to this machine, and only when that was said") {
        Settings s = settings();
        s.tls = false;
        CHECK(why(s).empty());
        s.account = "bot", s.account_password = "word";
        CHECK(why(s).starts_with("irc_tls: "));
        s.sasl = "scram-sha-256";
        CHECK(why(s).empty());
        s.password = "server";
        CHECK(why(s).starts_with("irc_tls: "));
        s.insecure = true;
        CHECK(why(s).starts_with("irc_insecure: "));
        s.server = "127.0.0.1:6667";
        CHECK(why(s).empty());
        s.server = "127.0.0.1.example.org:6667";
        CHECK(why(s).starts_with("irc_insecure: "));
        s.tls = true;
        CHECK(why(s).empty());
    }

    TEST_CASE("options that do not fit each other are refused") {
        const auto with = [](auto change) {
            Settings s = settings();
            change(s);
            return why(s);
        };
        CHECK(with([](Settings& s) { s.sasl = "external"; }).starts_with("irc_sasl: "));
        CHECK(with([](Settings& s) { s.sasl = "md5"; }).starts_with("irc_sasl: "));
        CHECK(with([](Settings& s) { s.sasl = "plain"; }).starts_with("irc_account: "));
        CHECK(with([](Settings& s) { s.nick = "a b"; }).starts_with("irc_nick: "));
        CHECK(with([](Settings& s) { s.nick = "a!b"; }).starts_with("irc_nick: "));
        CHECK(with([](Settings& s) { s.nick = "9a"; }).starts_with("irc_nick: "));
        CHECK(with([](Settings& s) {
                  s.password = s.password_file = "x";
              }).starts_with("irc_password_file: "));
        CHECK(with([](Settings& s) { s.burst = 0; }).starts_with("irc_burst: "));
    }
}
