// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "modules/web/feed.hpp"
#include "modules/web/log_lines.hpp"
#include "modules/web/records.hpp"

using namespace microhost::web;

TEST_SUITE("modules/web") {
    TEST_CASE("topics of a stream") {
        CHECK(topics_of("services") == kServices);
        CHECK(topics_of("logs, traffic,modules,services") == kAllTopics);
        for (const char* wrong : {"", "weather", "services,weather", "Services"})
            CHECK(topics_of(wrong) == 0);
    }

    TEST_CASE("a cursor counts in the process that gave it") {
        CHECK(log_cursor("boot/17", "boot") == 17);
        for (const char* none : {"", "17", "other/17", "boot", "boot17", "boot/", "boot/x", "/17"})
            CHECK(log_cursor(none, "boot") == 0);
        CHECK(log_cursor("/17", "") == 0);
    }

    TEST_CASE("levels by their names") {
        int32_t level = -1;
        CHECK(read_level("warn", level));
        CHECK(level == MH_LOG_WARN);
        CHECK(read_level("", level));
        CHECK(level == MH_LOG_WARN);
        CHECK_FALSE(read_level("loud", level));
    }

    TEST_CASE("what was not measured is null in a row of traffic, and names are escaped") {
        const float none = std::numeric_limits<float>::quiet_NaN();
        const std::array<mh_traffic_point, 2> points{
            {{1, 2, 3, 4, 5, 6, 7, 8}, {1234.56F, 0, none, none, 0.5F, 1, none, 1e9F}}};
        mh_traffic t{};
        t.size = sizeof t;
        t.kind = MH_TRAFFIC_ROUTE;
        t.name = {"a\"b", 3};
        t.detail = {"/x", 2};
        t.points = points.data();
        t.n = 2;
        t.stride = sizeof points[0];
        CHECK(traffic_row_json(t) == R"(["route","a\"b","/x",1235,0,null,null,0.5,1,null,1e+09])");
        t.n = 0;
        CHECK(traffic_row_json(t) == R"(["route","a\"b","/x"])");
    }
}
