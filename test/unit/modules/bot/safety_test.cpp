// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <microhost/host.hpp>

#include "../fake_host.hpp"
#include "modules/bot/command_message.hpp"
#include "modules/bot/confirm.hpp"
#include "modules/bot/glob.hpp"
#include "modules/bot/people.hpp"
#include "modules/bot/rules.hpp"
#include "modules/bot/settings.hpp"
#include "modules/bot/state.hpp"
#include "modules/bot/watches.hpp"

using namespace microhost::bot;
using microhost::shared::Role;
using microhost::test::Json;
using microhost::test::kJsonTable;

namespace {

struct Parser {
    Parser() { mh::the_table<mh_json> = &kJsonTable; }
} const parser;

const char* const kUsers =
    R"({"ada": {"identities": ["xmpp:ada@x", "slack:T1/U1"], "role": "operator"},
                               "bob": {"identities": ["xmpp:bob@x"], "role": "viewer"}})";

People people(std::string_view users = kUsers, std::string_view role = "viewer") {
    const Json json(users);
    return People(mh::json_value(json.root()), role);
}

Person person(std::string identity, std::string name = "ada") {
    Message m;
    m.from = {std::move(name), std::move(identity), false};
    m.place = {"ops", "ops/ada", ""};
    return people().who("xmpp", m);
}

Rules rules(std::string_view text) {
    const Json json(text);
    return Rules(mh::json_value(json.root()), people());
}

template <class F>
std::string refusal(F f) {
    mh::the_table<mh_json> = &kJsonTable;
    try {
        f();
    } catch (const mh::failure& e) {
        return e.where + " " + e.what();
    }
    return "taken";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

const Asked kList{"list services", Role::viewer, "xmpp", "ops"};
const Asked kDeregister{"deregister service", Role::operator_, "xmpp", "ops"};

}  // namespace

TEST_SUITE("modules/bot") {
    TEST_CASE("a person is known by what the network vouches for, never by the name") {
        mh::the_table<mh_json> = &kJsonTable;
        CHECK(person("xmpp:ada@x").user == "ada");
        CHECK(person("slack:T1/U1").key == person("xmpp:ada@x").key);
        CHECK(person("xmpp:ada@x").role == Role::operator_);
        for (const char* stranger : {"", "xmpp:eve@x", "xmpp:ADA@x", "ada"}) {
            CHECK(person(stranger).user.empty());
            CHECK(person(stranger).role == Role::viewer);
        }
        CHECK(person("xmpp:eve@x").subject() == "xmpp:eve@x");
        CHECK(person("").subject() == "stranger");
        CHECK(person("").key != person("xmpp:eve@x").key);
        Message m;
        CHECK(people(kUsers, "").who("irc", m).role == Role::nobody);
        m.from.name = "a\nb\x1b[1m";
        CHECK(people().who("irc", m).name == "a b[1m");
    }

    TEST_CASE("users that make no sense are refused") {
        const auto refused = [](std::string_view users) { return refusal([&] { people(users); }); };
        CHECK(has(refused(R"({"a": {"identities": ["x:1"], "role": "root"}})"),
                  "/users/a/role \"root\" is no role"));
        CHECK(has(refused(R"({"a": {"identities": ["x:1"]}})"), "needs a role"));
        CHECK(has(refused(R"({"a": {"identities": [], "role": "admin"}})"),
                  "needs a role and a list"));
        CHECK(has(refused(R"({"a": {"identities": ["ada"], "role": "admin"}})"),
                  "xmpp:ada@example.org"));
        CHECK(has(refused(R"({"a": {"identities": [7], "role": "admin"}})"), "is no text"));
        CHECK(has(refused(R"({"a": {"identities": ["x:1"], "role": "admin", "nick": "a"}})"),
                  "not \"nick\""));
        CHECK(has(
            refused(
                R"({"a": {"identities": ["x:1"], "role": "admin"}, "b": {"identities": ["x:1"], "role": "viewer"}})"),
            "x:1 is named twice"));
        CHECK(refused(R"({})") == "taken");
    }

    TEST_CASE("without rules the role decides, and nobody unknown changes anything") {
        mh::the_table<mh_json> = &kJsonTable;
        const Rules none;
        CHECK(none.decide(person("xmpp:ada@x"), kDeregister).allowed);
        CHECK(none.decide(person("xmpp:bob@x"), kList).allowed);
        CHECK(none.decide(person("", "ada"), kList).allowed);
        const Decision no = none.decide(person("", "ada"), kDeregister);
        CHECK_FALSE(no.allowed);
        CHECK(no.why == "it needs the role operator; this network does not vouch for who you are");
        CHECK(none.decide(person("xmpp:bob@x"), kDeregister).why ==
              "it needs the role operator; yours is viewer");
    }

    TEST_CASE("the first rule that fits decides") {
        mh::the_table<mh_json> = &kJsonTable;
        const Rules r = rules(R"([
            {"commands": ["deregister*"], "users": ["bob"], "rooms": ["ops"], "allow": true},
            {"commands": ["deregister*"], "allow": false},
            {"commands": ["list*"], "inputs": ["irc"], "allow": false},
            {"roles": ["viewer"], "commands": ["list services"], "allow": true}])");
        const Decision lent = r.decide(person("xmpp:bob@x"), kDeregister);
        CHECK(lent.allowed);
        CHECK(lent.role == Role::operator_);
        CHECK_FALSE(r.decide(person("xmpp:ada@x"), kDeregister).allowed);
        Asked direct = kDeregister;
        direct.room = "";
        CHECK_FALSE(r.decide(person("xmpp:bob@x"), direct).allowed);
        Asked elsewhere = kList;
        elsewhere.input = "irc";
        CHECK_FALSE(r.decide(person("xmpp:ada@x"), elsewhere).allowed);
        CHECK(r.decide(person("xmpp:bob@x"), kList).allowed);
        CHECK(r.decide(person("xmpp:bob@x"), kList).role == Role::viewer);
    }

    TEST_CASE("a rule lends nothing to whom nobody vouches for") {
        mh::the_table<mh_json> = &kJsonTable;
        const Rules r =
            rules(R"([{"commands": ["deregister*"], "rooms": ["ops"], "allow": true}])");
        CHECK(r.decide(person("xmpp:bob@x"), kDeregister).allowed);
        CHECK_FALSE(r.decide(person(""), kDeregister).allowed);
        CHECK_FALSE(r.decide(person("xmpp:eve@x"), kDeregister).allowed);
        const Rules all = rules(R"([{"users": ["*"], "allow": true}])");
        CHECK(all.decide(person("xmpp:bob@x"), kDeregister).allowed);
        CHECK_FALSE(all.decide(person("", "bob"), kDeregister).allowed);
    }

    TEST_CASE("rules that make no sense are refused") {
        const auto refused = [](std::string_view text) { return refusal([&] { rules(text); }); };
        CHECK(has(refused(R"([{"commands": ["x"]}])"), "/rules/0 rules: each rule says \"allow\""));
        CHECK(has(refused(R"([{"command": ["x"], "allow": true}])"), "not \"command\""));
        CHECK(has(refused(R"([{"commands": "x", "allow": true}])"), "a list of texts"));
        CHECK(has(refused(R"([{"commands": [], "allow": true}])"), "a list of texts"));
        CHECK(has(refused(R"([{"users": ["eve"], "allow": true}])"), "there is no user eve"));
        CHECK(has(refused(R"([{"roles": ["root"], "allow": true}])"), "\"root\" is no role"));
        CHECK(has(refused(R"([{"allow": "yes"}])"), "each rule says"));
        CHECK(has(refused(R"({"allow": true})"), "write a list"));
        CHECK(has(refused(R"([true])"), "each rule says"));
    }

    TEST_CASE("patterns") {
        CHECK(matches_glob("deregister*", "deregister service"));
        CHECK(matches_glob("*", ""));
        CHECK(matches_glob("a*b*c", "a--b--c"));
        CHECK_FALSE(matches_glob("a*b", "abc"));
        CHECK_FALSE(matches_glob("", "a"));
        CHECK_FALSE(matches_glob(std::string(30, '*') + "b", std::string(10'000, 'a')));
    }

    TEST_CASE("a code confirms once, for the same person in the same place, and in time") {
        uint32_t random = 0x7f3a;
        Confirmations c(std::chrono::seconds(60), [&] { return random++; });
        const Confirmer ada{"xmpp:ada@x", "xmpp", "ops", ""}, eve{"xmpp:eve@x", "xmpp", "ops", ""},
            elsewhere{"xmpp:ada@x", "xmpp", "lounge", ""};
        Message m;
        m.text = "deregister service x";
        CHECK(c.ask(ada, m, 1000) == "7f3a");
        CHECK_FALSE(c.confirm(ada, "7f3b", 2000));
        CHECK_FALSE(c.confirm(eve, "7f3a", 2000));
        CHECK_FALSE(c.confirm(elsewhere, "7f3a", 2000));
        CHECK_FALSE(c.confirm(ada, "", 2000));
        CHECK(c.confirm(ada, "7f3a", 2000)->text == "deregister service x");
        CHECK_FALSE(c.confirm(ada, "7f3a", 2000));
        CHECK(c.ask(ada, m, 1000) == "7f3b");
        CHECK_FALSE(c.confirm(ada, "7f3b", 61'000));
        std::string first = c.ask(ada, m, 0);
        for (int i = 0; i < 4; ++i) c.ask(ada, m, 0);
        CHECK_FALSE(c.confirm(ada, first, 1));
    }

    TEST_CASE("codes are not the same each time") {
        Confirmations c(std::chrono::seconds(60));
        std::set<std::string> codes;
        for (int i = 0; i < 20; ++i) codes.insert(c.ask({"i", "n", "r", ""}, {}, 0));
        CHECK(codes.size() > 10);
    }

    TEST_CASE("a rate has a unit") {
        mh_limit_rule r{};
        CHECK(parse_rate("60/m", 5, r));
        CHECK(r.count == 60);
        CHECK(r.period_ms == 60'000);
        CHECK(r.burst == 5);
        for (const char* bad : {"", "60", "/m", "0/m", "-1/m", "60/d", "60/m ", "99999999/s"})
            CHECK_FALSE(parse_rate(bad, 5, r));
    }

    TEST_CASE("messages of command services, as JSON and as protobuf") {
        mh::the_table<mh_json> = &kJsonTable;
        CHECK(exec_request({"a", "b\"c"}, false) == R"({"args":["a","b\"c"]})");
        CHECK(exec_request({"a", "bc"}, true) ==
              "\x0a\x01"
              "a\x0a\x02"
              "bc");
        ExecResponse out;
        std::string why;
        CHECK(read_exec(R"({"result":"aGVsbG8=","error":""})", false, out, why));
        CHECK(out.result == "hello");
        ExecResponse proto;
        CHECK(
            read_exec("\x0a\x02hi\x12\x03"
                      "bad",
                      true, proto, why));
        CHECK(proto.result == "hi");
        CHECK(proto.error == "bad");
        ExecResponse bad;
        CHECK_FALSE(read_exec(R"({"result":"no base64!"})", false, bad, why));
        CHECK(why == "the result in its answer is no base64");
        CHECK_FALSE(read_exec("[]", false, bad, why));
        CHECK_FALSE(read_exec(R"({"result":7})", false, bad, why));
        CHECK_FALSE(read_exec("\x0a\x09hi", true, bad, why));
        ExecResponse nothing;
        CHECK(read_exec("{}", false, nothing, why));
        HelpResponse help;
        CHECK(read_help(R"({"usage":"a [b]","description":"does"})", false, help));
        CHECK(help.usage == "a [b]");
        CHECK(
            read_help("\x0a\x01u\x12\x01"
                      "d",
                      true, help));
        CHECK(help.description == "d");
    }

    TEST_CASE("what one generation hands to the next") {
        mh::the_table<mh_json> = &kJsonTable;
        State s;
        s.inputs["xmpp"] = std::string("\0\xff bytes", 8);
        Message m;
        m.from = {"Ada", "xmpp:ada@x", false};
        m.place = {"ops", "ops/ada", "t1"};
        m.text = "get service \"ä\"\n";
        m.addressed = true;
        s.waiting.push_back({"xmpp", m, true});
        State back;
        REQUIRE(read_state(state_json(s), back));
        CHECK(back.inputs == s.inputs);
        REQUIRE(back.waiting.size() == 1);
        CHECK(back.waiting[0].message.text == m.text);
        CHECK(back.waiting[0].message.place.thread == "t1");
        CHECK(back.waiting[0].message.from.identity == "xmpp:ada@x");
        CHECK(back.waiting[0].confirmed);
        CHECK_FALSE(read_state("", back));
        CHECK_FALSE(read_state("[]", back));
    }

    TEST_CASE("watches are remembered") {
        mh::the_table<mh_json> = &kJsonTable;
        const auto back = read_watches(watches_json({{"irc", {"#ops", "#ops", "t"}, "go.*"}}));
        REQUIRE(back.size() == 1);
        CHECK(back[0].place.room == "#ops");
        CHECK(back[0].place.thread.empty());
        CHECK(back[0].pattern == "go.*");
        CHECK(read_watches("").empty());
        CHECK(read_watches(R"([{"input":"x"},7])").empty());
    }
}
