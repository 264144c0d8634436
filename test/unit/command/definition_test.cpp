// SPDX-License-Identifier: Apache-2.0
#include "command/definition.hpp"

#include <doctest/doctest.h>

#include "command/values.hpp"
#include "json/document.hpp"
#include "module/host_side.hpp"

using namespace microhost;
using namespace microhost::command;

namespace {

struct Info {
    std::vector<mh_command_arg> args;
    mh_command_info info{};
    explicit Info(const char* name, std::vector<mh_command_arg> a = {}) : args(std::move(a)) {
        info.size = sizeof info;
        info.name = name;
        info.args = args.data();
        info.n_args = static_cast<uint32_t>(args.size());
        info.stride = sizeof(mh_command_arg);
    }
};

constexpr uint32_t kPlace = MH_ARG_POSITIONAL;

std::string refusal(const Info& i) {
    auto d = read(i.info);
    REQUIRE_FALSE(d.has_value());
    return d.error().what;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

struct Who {
    mh_str role;
    mh_principal p{};
    explicit Who(std::string_view r) : role(module::lend(r)) {
        p.size = sizeof p;
        p.roles = &role;
        p.n_roles = 1;
    }
    bool may(std::string_view wanted) const { return allows(&p, wanted); }
};

}  // namespace

TEST_SUITE("host/command") {
    TEST_CASE("a descriptor that could never be called is refused, with the reason") {
        for (const char* name : {"", "List", "list ", " list", "a  b", "-x", "a_b", "a/b"}) {
            CAPTURE(name);
            CHECK(has(refusal(Info(name)), "must be named in words"));
        }
        Info role("list");
        role.info.role = "root";
        CHECK(
            has(refusal(role), "there is no role \"root\"; there are viewer, operator and admin"));
        Info short_args("list", {{"x", "", nullptr, nullptr, MH_TYPE_TEXT, 0}});
        short_args.info.stride = 8;
        CHECK(has(refusal(short_args), "too short"));
        CHECK(has(refusal(Info("list", {{"X", "", nullptr, nullptr, MH_TYPE_TEXT, 0}})), "\"X\""));
        CHECK(has(refusal(Info("list", {{"x", "", nullptr, nullptr, 8, 0}})), "unknown type 8"));
        CHECK(has(refusal(Info("list", {{"a-b", "", nullptr, nullptr, 0, 0},
                                        {"a_b", "", nullptr, nullptr, 0, 0}})),
                  "two arguments"));
        CHECK(has(refusal(Info("list", {{"a", "", nullptr, nullptr, 0, kPlace | MH_ARG_REPEATED},
                                        {"b", "", nullptr, nullptr, 0, kPlace}})),
                  "takes the rest"));
        CHECK(has(refusal(Info("list", {{"a", "", nullptr, nullptr, 0, kPlace},
                                        {"b", "", nullptr, nullptr, 0, kPlace | MH_ARG_REQUIRED}})),
                  "is required"));
    }

    TEST_CASE("a definition reads the same after its way through JSON") {
        Info i("call it", {{"service", "which", nullptr, "@service", 0, kPlace | MH_ARG_REQUIRED},
                           {"dry-run", "only look", "false", nullptr, MH_TYPE_BOOL, 0},
                           {"tag", "more", nullptr, "a|b", 0, MH_ARG_REPEATED}});
        i.info.role = "operator";
        i.info.summary = "Calls";
        i.info.flags = MH_COMMAND_HERE;
        auto d = read(i.info);
        REQUIRE(d.has_value());
        CHECK(d->usage() == "call it SERVICE [--dry-run] [--tag TAG...]");
        std::string text;
        json::Writer w(text);
        write_json(w, *d, true);
        auto parsed = json::Document::parse(text);
        REQUIRE(parsed.has_value());
        const Definition back = read_json(parsed->root());
        std::string again;
        json::Writer w2(again);
        write_json(w2, back, true);
        CHECK(again == text);
        CHECK(back.usage() == d->usage());
        CHECK(back.find("dry_run") == &back.args[1]);
    }

    TEST_CASE("a role has all below it") {
        CHECK(allows(nullptr, ""));
        CHECK_FALSE(allows(nullptr, "viewer"));
        CHECK(Who("admin").may("operator"));
        CHECK(Who("operator").may("operator"));
        CHECK_FALSE(Who("viewer").may("operator"));
        CHECK_FALSE(Who("gardener").may("viewer"));
        CHECK_FALSE(Who("admin").may("no-such-role"));
    }

    TEST_CASE("values are read by their type") {
        Definition d;
        d.name = "x";
        for (auto [name, type] : {std::pair("i", MH_TYPE_INTEGER),
                                  {"n", MH_TYPE_NUMBER},
                                  {"b", MH_TYPE_BOOL},
                                  {"d", MH_TYPE_DURATION},
                                  {"s", MH_TYPE_SIZE},
                                  {"t", MH_TYPE_TIME},
                                  {"j", MH_TYPE_JSON}}) {
            Argument a;
            a.name = name;
            a.type = type;
            d.args.push_back(a);
        }
        auto integer = [&](const char* name, const char* text) -> int64_t {
            auto v = Values::check(d, {{name, text}});
            REQUIRE(v.has_value());
            return v->find(name)->integer;
        };
        CHECK(integer("i", "-42") == -42);
        CHECK(integer("b", "yes") == 1);
        CHECK(integer("b", "off") == 0);
        CHECK(integer("d", "2m") == 120'000);
        CHECK(integer("s", "1MiB") == 1 << 20);
        CHECK(integer("t", "1970-01-02T00:00:00Z") == 86'400'000);
        CHECK(integer("t", "77") == 77);
        CHECK(Values::check(d, {{"n", "0.25"}})->find("n")->number == 0.25);
        for (const auto& row : {std::pair("i", "4x"),
                                {"i", ""},
                                {"n", "."},
                                {"b", "maybe"},
                                {"d", "-1s"},
                                {"s", "big"},
                                {"t", "tomorrow"},
                                {"j", "{"},
                                {"i", "99999999999999999999"}}) {
            CAPTURE(row.first);
            CAPTURE(row.second);
            auto v = Values::check(d, {{row.first, row.second}});
            REQUIRE_FALSE(v.has_value());
            CHECK(v.error().what.starts_with(std::string(row.first) + ": "));
        }
    }

    TEST_CASE("arguments in JSON keep their text, and what takes JSON keeps all of it") {
        Definition d;
        d.name = "x";
        for (auto [name, type, flags] : {std::tuple("a", MH_TYPE_TEXT, 0u),
                                         {"j", MH_TYPE_JSON, 0u},
                                         {"r", MH_TYPE_TEXT, uint32_t{MH_ARG_REPEATED}}}) {
            Argument a;
            a.name = name;
            a.type = type;
            a.flags = flags;
            d.args.push_back(a);
        }
        auto doc = json::Document::parse(
            R"({"a": "x", "j": ["y", 1], "r": [1, "two", true], "gone": null})");
        REQUIRE(doc.has_value());
        auto given = given_in(d, doc->root());
        REQUIRE(given.has_value());
        CHECK(*given ==
              Given{{"a", "x"}, {"j", "[\"y\",1]"}, {"r", "1"}, {"r", "two"}, {"r", "true"}});
    }
}
