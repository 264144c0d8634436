// SPDX-License-Identifier: Apache-2.0
#include "modules/headers/edits.hpp"

#include <doctest/doctest.h>

#include "fake_host.hpp"

using namespace microhost::headers;
using microhost::shared::TextTemplate;
using microhost::test::Json;

namespace {

std::vector<Group> groups(const Json& json, bool response) {
    mh::the_table<mh_json> = &microhost::test::kJsonTable;
    return parse_groups(mh::json_value(json.root()), "/x", response);
}

int id_of(std::string_view name) { return name == "a" ? 0 : name == "b" ? 1 : -1; }

std::string filled(std::string_view text, std::string_view a, bool& silent) {
    TextTemplate t;
    std::string why, room;
    REQUIRE_MESSAGE(t.parse(text, id_of, why), why);
    const auto of = [&](int id) { return id == 0 ? a : std::string_view("1.2.3.4"); };
    silent = t.says_nothing(of);
    return std::string(t.fill(of, room));
}

}  // namespace

TEST_SUITE("modules/headers") {
    TEST_CASE("variables are filled in, and a value of empty ones says nothing") {
        bool silent = true;
        CHECK(filled("plain", "ann", silent) == "plain");
        CHECK(!silent);
        CHECK(filled("", "ann", silent) == "");
        CHECK(!silent);
        CHECK(filled("x ${a}; ${b}", "ann", silent) == "x ann; 1.2.3.4");
        CHECK(filled("$$ $${a} $x {y}", "ann", silent) == "$ ${a} $x {y}");
        CHECK(filled("${a}@${b}", "", silent) == "@1.2.3.4");
        CHECK(!silent);
        CHECK(filled("user=${a}", "", silent) == "user=");
        CHECK(silent);
    }

    TEST_CASE("what is no variable is refused by name") {
        for (const char* wrong : {"${x}", "${", "${}", "${a", "a\r\nb", "${A}"}) {
            TextTemplate t;
            std::string why;
            CHECK_MESSAGE(!t.parse(wrong, id_of, why), wrong);
            CHECK(!why.empty());
        }
    }

    TEST_CASE("a group is for its statuses") {
        const Json json(R"([{"status":[404,"5xx"],"set":{"A":"b"}},{"set":{"A":"c"}}])");
        const auto g = groups(json, true);
        CHECK(g[0].fits(404));
        CHECK(g[0].fits(599));
        CHECK(!g[0].fits(403));
        CHECK(g[1].fits(200));
        StatusRange r{};
        for (const char* wrong : {"", "4", "4x", "600", "099", "40x", "4XX", "4444"})
            CHECK_MESSAGE(!StatusRange::parse(wrong, r), wrong);
    }

    TEST_CASE("inside a group fields go before they come") {
        const Json json(
            R"([{"default":{"D":"1"},"add":{"C":"1"},"set":{"B":"1"},"remove":["A"]}])");
        const auto edits = groups(json, false)[0].edits;
        REQUIRE(edits.size() == 4);
        CHECK(edits[0].op == Op::remove);
        CHECK(edits[1].op == Op::set);
        CHECK(edits[2].op == Op::add);
        CHECK(edits[3].op == Op::fallback);
    }

    TEST_CASE("fields of the connection cannot be named") {
        for (const char* text : {R"([{"set":{"Content-Length":"1"}}])",
                                 R"([{"remove":["connection"]}])", R"([{"add":{"a b":"1"}}])",
                                 R"([{"set":{"Host":"x"}}])", R"([{"set":{"A":"${b}"}}])"}) {
            const Json json(text);
            CHECK_THROWS_AS(groups(json, false), mh::failure);
        }
        CHECK(!untouchable("Host", true));
        CHECK(!untouchable("X-Any", false));
    }
}
