// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <microhost/host.hpp>

#include "modules/bot/addressing.hpp"
#include "modules/bot/help.hpp"
#include "modules/bot/matching.hpp"
#include "modules/bot/nearest.hpp"
#include "modules/bot/words.hpp"

using namespace microhost::bot;
using microhost::shared::Role;

namespace {

std::string heard(std::string_view text, bool addressed = false, std::string room = "ops") {
    static const Callsigns signs{{"microhost", "micro"}, "!"};
    Message m;
    m.text = text;
    m.addressed = addressed;
    m.place.room = std::move(room);
    const Heard h = listen(signs, m);
    if (h.reach == Reach::none) return "-";
    return (h.reach == Reach::prefix ? "prefix " : "named ") + std::string(h.text);
}

std::string split(std::string_view text) {
    Words words;
    std::string why, out;
    if (!split_words(text, words, why)) return "wrong: " + why;
    for (const std::string& w : words) out += "<" + w + ">";
    return out;
}

HostArgument place(std::string name, uint32_t flags = 0) {
    return {std::move(name), "", "", "", MH_TYPE_TEXT, flags | MH_ARG_POSITIONAL};
}

const std::vector<HostCommand>& host() {
    static const std::vector<HostCommand> all = {
        {"call",
         "Calls",
         "",
         "",
         Role::operator_,
         {place("service", MH_ARG_REQUIRED), place("request", MH_ARG_REPEATED)}},
        {"get service", "Shows one", "", "", Role::viewer, {place("name", MH_ARG_REQUIRED)}},
        {"health", "Asks", "", "", Role::viewer, {place("service")}},
        {"list nodes", "Nodes", "", "", Role::viewer, {place("service", MH_ARG_REQUIRED)}},
        {"list services", "Names", "", "", Role::viewer, {}},
        {"login",
         "Logs in",
         "",
         "microhost login ada",
         Role::nobody,
         {place("user"),
          place("code", MH_ARG_SECRET),
          {"pin", "its pin", "", "", MH_TYPE_TEXT, MH_ARG_SECRET},
          {"loud", "", "", "", MH_TYPE_BOOL, 0}}},
        {"register service", "Registers", "", "", Role::operator_, {place("definition")}},
    };
    return all;
}

const ServiceCommand kDeploy{"deploy",  "go.micro.bot.deploy", "deploy APP",
                             "Deploys", Role::operator_,       false};
const ServiceCommand kPing{"ping",         "go.micro.bot.ping", "ping",
                           "Not this one", Role::viewer,        false};
const ServiceCommand kHealth{"health",       "go.micro.bot.health", "health",
                             "Nor this one", Role::viewer,          false};

Match matched(std::string_view text) {
    return match(text, {[] { return host(); },
                        [](std::string_view word) -> const ServiceCommand* {
                            for (const ServiceCommand* c : {&kDeploy, &kPing, &kHealth})
                                if (c->word == word) return c;
                            return nullptr;
                        }});
}

std::string reply(std::string_view text) {
    const Match m = matched(text);
    return m.kind == Match::Kind::reply ? m.text : "no reply";
}

}  // namespace

TEST_SUITE("modules/bot") {
    TEST_CASE(
        "a message is for the bot when it is direct, mentions it, or begins with its name or "
        "prefix") {
        CHECK(heard("list services") == "-");
        CHECK(heard("list services", true) == "named list services");
        CHECK(heard("list services", false, "") == "named list services");
        CHECK(heard("microhost list services") == "named list services");
        CHECK(heard("  Micro:  ping ") == "named ping");
        CHECK(heard("@micro ping") == "named ping");
        CHECK(heard("@MicroHost, ping") == "named ping");
        CHECK(heard("micro") == "named ");
        CHECK(heard("micro:ping") == "named ping");
        CHECK(heard("microphone ping") == "-");
        CHECK(heard("microhosts ping") == "-");
        CHECK(heard("I asked micro ping") == "-");
        CHECK(heard("!ping") == "prefix ping");
        CHECK(heard("!!") == "-");
        CHECK(heard("! ping") == "-");
        CHECK(heard("!ping", true) == "named ping");
        CHECK(heard("", false) == "-");
    }

    TEST_CASE("words are split as a shell would, and JSON stays whole") {
        CHECK(split("a  b\tc\n d") == "<a><b><c><d>");
        CHECK(split("a 'b c' \"d e\" f\\ g") == "<a><b c><d e><f g>");
        CHECK(split("a '' \"\"") == "<a><><>");
        CHECK(split(R"(call s E {"a": "x y"} z)") == R"(<call><s><E><{"a": "x y"}><z>)");
        CHECK(split(R"({"a": "}", "b": [1, {}]})") == R"(<{"a": "}", "b": [1, {}]}>)");
        CHECK(split(R"('{"a": 1}')") == R"(<{"a": 1}>)");
        CHECK(split("{ never closed") == "<{><never><closed>");
        CHECK(split("it's") == "wrong: the quote ' is not closed");
        CHECK(split(std::string(20'000, '{')) == "<" + std::string(20'000, '{') + ">");
        std::string braces;
        for (int i = 0; i < 20'000; ++i) braces += "{ ";
        CHECK(split(braces).size() == 60'000);
    }

    TEST_CASE("a quoted word is that word again") {
        for (const std::string word :
             {"plain", "two words", "it's", "", "\"", "\\", "$(x)", "ä€", "{\"a\": 'b'}"}) {
            CAPTURE(word);
            CHECK(split(quoted_word(word)) == "<" + word + ">");
        }
        CHECK(quoted_line({"get", "service", "a b"}) == "get service 'a b'");
    }

    TEST_CASE("Micro's own commands answer as Micro did") {
        CHECK(reply("ping") == "pong");
        CHECK(reply("hello") == "hey what's up?");
        CHECK(reply("echo  what  a day ") == " what  a day ");
        CHECK(reply("echo") == "echo what?");
        CHECK(reply("time").starts_with("Server time is: "));
        CHECK(reply("three laws").starts_with("\n1. A robot may not injure a human being"));
        CHECK(reply("the three laws of robotics") == reply("the three laws"));
        CHECK(reply("list") == "list what?");
        CHECK(reply("get") == "get what?");
        CHECK(reply("call") == "call what?");
        CHECK(reply("query") == "call what?");
        CHECK(reply("register") == "register what?");
        CHECK(reply("get service") == "require service name");
        CHECK(reply("deregister service") == "require service definition");
        CHECK(reply("get node x") == "unknown command...\nsupported commands: \nget service NAME");
        CHECK(reply("list x") ==
              "unknown command...\nsupported commands: \nlist nodes SERVICE\nlist services");
        CHECK(matched("Ping").kind == Match::Kind::unknown);
        CHECK(matched("pingx").kind == Match::Kind::unknown);
        CHECK(matched("laws").kind == Match::Kind::unknown);
    }

    TEST_CASE("the order is fixed: Micro's, the bot's, the host's, then services") {
        CHECK(matched("ping").kind == Match::Kind::reply);
        CHECK(matched("health").kind == Match::Kind::host);
        CHECK(matched("health x").kind == Match::Kind::host);
        const Match deploy = matched("deploy shop 'to production'");
        CHECK(deploy.kind == Match::Kind::service);
        CHECK(deploy.words == Words{"deploy", "shop", "to production"});
        CHECK(deploy.args == "shop 'to production'");
        CHECK(deploy.changes);
        const Match list = matched("list nodes greeter");
        CHECK(list.kind == Match::Kind::host);
        CHECK(list.name == "list nodes");
        CHECK(list.line == "list nodes greeter");
        CHECK_FALSE(list.changes);
        CHECK(matched("call a B.C {\"x\": \"it's\"}").line == R"(call a B.C '{"x": "it'\''s"}')");
        CHECK(matched("call a B.C").changes);
        CHECK(matched("query a B.C").name == "call");
    }

    TEST_CASE("the bot's own commands") {
        const auto own = [](std::string_view text) {
            const Match m = matched(text);
            return m.kind == Match::Kind::own ? m.name + "/" + m.text : "no";
        };
        CHECK(own("help") == "help/");
        CHECK(own("help list  nodes") == "help/list nodes");
        CHECK(own("cancel 7") == "cancel/7");
        CHECK(own("yes 7f3a") == "yes/7f3a");
        CHECK(own("watch services go.*") == "watch services/go.*");
        CHECK(own("watch") == "no");
        CHECK(own("bot status") == "bot status/");
        CHECK(own("bot status please") == "no");
        CHECK(own("bot off") == "bot off/");
        CHECK(matched("bot off").needs == Role::admin);
        CHECK(matched("yes 7f3a").args.empty());
    }

    TEST_CASE("a quote that is not closed is said of known commands only") {
        CHECK(reply("get service 'a") == "error executing cmd: the quote ' is not closed");
        CHECK(matched("what's up").kind == Match::Kind::unknown);
    }

    TEST_CASE("secrets do not get into what logs see") {
        CHECK(matched("login ada s3cret --pin 1234 --loud x").args == "ada *** --pin *** --loud x");
        CHECK(matched("login ada --pin=1234").args == "ada --pin=***");
        CHECK(matched("deploy shop --token abc token=abc --force").args ==
              "shop --token *** token=*** --force");
        CHECK(matched(R"(call a B.C {"user": "ada", "password": "x\"y", "n": 1})")
                  .args.find("x\\\"y") == std::string::npos);
        const std::string nested =
            matched(R"(call a B.C {"secret": {"a": ["b", "c"]}, "d": "e"})").args;
        CHECK(nested == R"(a B.C {"secret":"***", "d": "e"})");
        CHECK(matched(R"(call a B.C {"token": 12345})").args == R"(a B.C {"token":"***"})");
        CHECK(matched("deploy " + std::string(5000, 'x')).args.size() <= 512);
    }

    TEST_CASE("did you mean") {
        const std::vector<std::string> names{"list services", "list nodes", "ping", "deploy",
                                             "call"};
        CHECK(nearest("lst services", names) == "list services");
        CHECK(nearest("list servcies now", names) == "list services");
        CHECK(nearest("pnig", names) == "ping");
        CHECK(nearest("depoly shop", names) == "deploy");
        CHECK(nearest("Deploy", names) == "deploy");
        CHECK(nearest("xyz", names) == "");
        CHECK(nearest("", names) == "");
        CHECK(nearest(std::string(5000, 'a'), names) == "");
        CHECK(edit_distance("kitten", "sitting", 5) == 3);
        CHECK(edit_distance("ab", "ba", 5) == 1);
        CHECK(edit_distance("", "abc", 5) == 3);
        CHECK(edit_distance("abcdef", "x", 2) == 3);
    }

    TEST_CASE("help shows all, searches, and explains one") {
        std::vector<HelpLine> all{{"ping", "ping", "Returns pong", ""},
                                  {"call", "call SERVICE", "Calls", "\tSERVICE\tits name\n"}};
        CHECK(help_of_all(all, {{"a", "a [x]", "Of a service", ""}}) ==
              "\ncall SERVICE - Calls\nping - Returns pong\na [x] - Of a service");
        CHECK(help_about("call", all) == "call SERVICE - Calls\n\tSERVICE\tits name\n");
        CHECK(help_about("PONG", all) == "ping - Returns pong");
        CHECK(help_about("pingg", all) == R"(no command has "pingg" in it; did you mean "ping"?)");
        CHECK(host()[5].details() ==
              "\tUSER\t\n\tCODE\t\n\t--pin\tits pin\n\t--loud\t\nsuch as:\n\tlogin ada\n");
    }
}
