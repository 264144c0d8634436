// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/bot/inputs/irc/line.hpp"
#include "modules/bot/inputs/irc/text.hpp"

using namespace microhost::bot::irc;
using namespace std::string_literals;

TEST_SUITE("modules/bot/irc") {
    TEST_CASE("a line is tags, source, command and parameters") {
        const auto l = parse(
            "@account=ada;time=2026-11-29T10:00:00.000Z;+x=a\\sb\\:c\\\\ :ada!a@h PRIVMSG #ops "
            ":list  all");
        REQUIRE(l);
        CHECK(l->tag("account") == "ada");
        CHECK(l->tag("+x") == "a b;c\\");
        CHECK_FALSE(l->tag("none"));
        CHECK(l->source == "ada!a@h");
        CHECK(l->nick() == "ada");
        CHECK(l->command == "PRIVMSG");
        CHECK(l->params == std::vector<std::string>{"#ops", "list  all"});
    }

    TEST_CASE("the last parameter is the same with and without a colon") {
        CHECK(parse("AUTHENTICATE :+")->param(0) == "+");
        CHECK(parse("AUTHENTICATE +")->param(0) == "+");
        CHECK(parse("PING")->last().empty());
        CHECK(parse("ping :x")->command == "PING");
        CHECK(parse(":s 001 me  :  hi")->last() == "  hi");
        CHECK(parse("X a :")->params.size() == 2);
    }

    TEST_CASE("what is no line is nothing, whatever it is made of") {
        for (const auto& text : {""s, " "s, ":"s, "@"s, "@a"s, "@a=b"s, ":x"s, ":x "s, "\0\0"s,
                                 "@ :"s, "P\x01 x"s, "\xff\xfe"s, "@;;=;= "s})
            CHECK_FALSE(parse(text));
    }

    TEST_CASE("bytes that are no UTF-8 become U+FFFD, NUL and CR vanish") {
        const auto l = parse("PRIVMSG #a :a\xff\xc3(\xed\xa0\x80\xf8 \0b\rc \xc3\xa9"s);
        CHECK(l->last() ==
              "a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd bc "
              "\xc3\xa9");
        CHECK(clean("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
        CHECK(clean("\xf0\x9f\x98") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
        CHECK(clean("\xc0\x80") == "\xef\xbf\xbd\xef\xbf\xbd");  // NUL in two bytes
    }

    TEST_CASE("more parameters than a line can have are one") {
        std::string text = "X";
        for (int i = 0; i < 40; ++i) text += " p";
        const auto l = parse(text);
        CHECK(l->params.size() == 15);
        CHECK(l->last().starts_with("p p p"));
    }

    TEST_CASE("nothing can be injected into what is sent") {
        CHECK(compose("PRIVMSG", {"#ops"}, "a\r\nQUIT :x\0y"s) == "PRIVMSG #ops :aQUIT :xy\r\n");
        CHECK(compose("PRIVMSG", {"#ops #x"}, "a").empty());
        CHECK(compose("PRIVMSG", {":x"}, "a").empty());
        CHECK(compose("PRIVMSG", {""}, "a").empty());
        CHECK(compose("NICK", {"a\r\nQUIT"}).empty());
        CHECK(compose("PRIV MSG", {"a"}).empty());
        CHECK(compose("JOIN", {"#a", "key"}) == "JOIN #a key\r\n");
        CHECK(compose("X", {std::string(600, 'a')}).empty());
    }

    TEST_CASE("a line has 512 bytes at most, and no torn character") {
        std::string text;
        for (int i = 0; i < 300; ++i) text += "\xc3\xa9";
        const std::string line = compose("PRIVMSG", {"#ops"}, text);
        CHECK(line.size() <= 512);
        CHECK(line.size() >= 511);
        CHECK(clean(line.substr(0, line.size() - 2)) == line.substr(0, line.size() - 2));
    }

    TEST_CASE("lines come whole however the bytes are cut") {
        const std::string all = "A 1\r\n\r\nB 2\nC :x\r\r\nD";
        for (size_t cut = 1; cut <= all.size(); ++cut) {
            Reader r;
            std::vector<std::string> got;
            for (size_t i = 0; i < all.size(); i += cut)
                r.feed(std::string_view(all).substr(i, cut),
                       [&](std::string_view l) { return got.emplace_back(l), true; });
            CHECK(got == std::vector<std::string>{"A 1", "B 2", "C :x"});
            CHECK(r.rest() == "D");
        }
    }

    TEST_CASE("a line that is too long is passed over, and the next one is read") {
        Reader r;
        std::vector<std::string> got;
        const auto f = [&](std::string_view l) { return got.emplace_back(l), true; };
        const std::string piece(1000, 'x');
        for (int i = 0; i < 64; ++i) r.feed(piece, f);
        CHECK(r.rest().size() < 10'000);
        r.feed("\r\nPING :a\r\n", f);
        CHECK(got == std::vector<std::string>{"PING :a"});
        CHECK(r.too_long() == 1);
    }

    TEST_CASE("formatting codes are taken out") {
        CHECK(without_formatting("\x02"
                                 "b\x0f \x03"
                                 "04,12red\x03 \x04"
                                 "ff0000x\x1d\x1f\x11\x16\x1e") == "b red x");
        CHECK(without_formatting("\x03"
                                 "123") == "3");
        CHECK(without_formatting("\x03"
                                 "1,x") == ",x");
        CHECK(without_formatting("\x03") == "");
        CHECK(without_formatting("a\tb\x7f") == "a b");
    }

    TEST_CASE("a text is cut between characters, and between words where one is near") {
        CHECK(fitting("abc", 3) == 3);
        CHECK(fitting("ab\xc3\xa9", 3) == 2);
        CHECK(fitting("\xf0\x9f\x98\x80", 3) == 3);  // no way: it must go on
        CHECK(fitting_words("hello wide world", 13) == 11);
        CHECK(fitting_words("a bbbbbbbbbbbbbbbbb", 10) == 10);
    }

    TEST_CASE("names are the same as the server compares them") {
        CHECK(fold("Ada[]\\^", Casemap::rfc1459) == "ada{}|~");
        CHECK(fold("Ada[]\\^", Casemap::strict_rfc1459) == "ada{}|^");
        CHECK(fold("Ada[]\\^", Casemap::ascii) == "ada[]\\^");
        CHECK(casemap_of("ascii") == Casemap::ascii);
        CHECK(casemap_of("what") == Casemap::rfc1459);
    }

    TEST_CASE("a mention is the nick in front") {
        const auto said = [](std::string_view text) {
            const auto rest = after_mention(text, "MicroBot", Casemap::ascii);
            return rest ? std::string(*rest) : "-";
        };
        CHECK(said("microbot: list services") == "list services");
        CHECK(said("MICROBOT, list") == "list");
        CHECK(said("@microbot list") == "list");
        CHECK(said(" microbot   list ") == "list");
        CHECK(said("microbot") == "");
        CHECK(said("microbots: list") == "-");
        CHECK(said("hello microbot") == "-");
        CHECK(said("@") == "-");
        CHECK(said("") == "-");
    }
}
