// SPDX-License-Identifier: Apache-2.0
#include "modules/headers/edits.hpp"

#include <doctest/doctest.h>

#include "fake_host.hpp"

using namespace microhost::headers;
using microhost::test::Json;

namespace {

std::vector<Group> groups(const Json& json, bool response) {
    mh::the_table<mh_json> = &microhost::test::kJsonTable;
    return parse_groups(mh::json_value(json.root()), "/x", response);
}

std::string filled(std::string_view text, std::string_view principal = "ann") {
    Value v;
    std::string why, room;
    REQUIRE_MESSAGE(v.parse(text, why), why);
    return std::string(v.fill(
        [&](Variable which) { return which == Variable::principal ? principal : "1.2.3.4"; }, room));
}

}  // namespace

TEST_SUITE("modules/headers") {
    TEST_CASE("variables are filled in, and a value of empty ones is none") {
        CHECK(filled("plain") == "plain");
        CHECK(filled("") == "");
        CHECK(filled("a ${principal}; ${client_ip}") == "a ann; 1.2.3.4");
        CHECK(filled("$$ $${principal} $x {y}") == "$ ${principal} $x {y}");
        CHECK(filled("user=${principal}", "") == "");
        CHECK(filled("${principal}@${client_ip}", "") == "@1.2.3.4");
    }

    TEST_CASE("what is no variable is refused by name") {
        for (const char* wrong : {"${x}", "${", "${}", "${principal", "a\r\nb", "${Principal}"}) {
            Value v;
            std::string why;
            CHECK_MESSAGE(!v.parse(wrong, why), wrong);
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
        const Json json(R"([{"default":{"D":"1"},"add":{"C":"1"},"set":{"B":"1"},"remove":["A"]}])");
        const auto edits = groups(json, false)[0].edits;
        REQUIRE(edits.size() == 4);
        CHECK(edits[0].op == Op::remove);
        CHECK(edits[1].op == Op::set);
        CHECK(edits[2].op == Op::add);
        CHECK(edits[3].op == Op::fallback);
    }

    TEST_CASE("fields of the connection cannot be named") {
        for (const char* text : {R"([{"set":{"Content-Length":"1"}}])", R"([{"remove":["connection"]}])",
                                 R"([{"add":{"a b":"1"}}])", R"([{"set":{"Host":"x"}}])", R"([{"set":{"A":"${b}"}}])"}) {
            const Json json(text);
            CHECK_THROWS_AS(groups(json, false), mh::failure);
        }
        CHECK(!untouchable("Host", true));
        CHECK(!untouchable("X-Any", false));
    }
}
