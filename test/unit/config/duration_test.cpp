// SPDX-License-Identifier: Apache-2.0
#include "config/duration.hpp"

#include <doctest/doctest.h>

using namespace microhost::config;

TEST_SUITE("host/config") {
    TEST_CASE("durations are read with units and as seconds") {
        struct Case {
            const char* text;
            std::int64_t ms;  // -1: refused
        };
        for (const Case& c : {Case{"10s", 10'000},
                              Case{"500ms", 500},
                              Case{"1m", 60'000},
                              Case{"2h", 7'200'000},
                              Case{"1h30m", 5'400'000},
                              Case{"1.5s", 1'500},
                              Case{"5", 5'000},
                              Case{"0.25", 250},
                              Case{"0", 0},
                              Case{"1d", 86'400'000},
                              Case{"", -1},
                              Case{"s", -1},
                              Case{"-1s", -1},
                              Case{"10x", -1},
                              Case{"1s5", -1},
                              Case{"10 s", -1},
                              Case{"1e3", -1},
                              Case{"99999999999999h", -1},
                              Case{"nan", -1},
                              Case{"inf", -1}}) {
            const auto r = parse_duration(c.text);
            CHECK_MESSAGE((r ? r->count() : -1) == c.ms, c.text);
        }
        CHECK(parse_duration("10x").error().what ==
              "\"10x\" is no duration; write 500ms, 10s, 1m, 2h or a number of seconds");
    }

    TEST_CASE("sizes are read with units and as bytes") {
        struct Case {
            const char* text;
            std::int64_t bytes;
        };
        for (const Case& c : {Case{"4MiB", 4 << 20}, Case{"32k", 32 << 10}, Case{"32K", 32 << 10},
                              Case{"1g", 1 << 30}, Case{"240", 240}, Case{"0", 0}, Case{"10B", 10},
                              Case{"1.5k", 1536}, Case{"", -1}, Case{"-1", -1}, Case{"1.5", -1},
                              Case{"4MB", -1}, Case{"k", -1}, Case{"4 k", -1},
                              Case{"99999999999999999999", -1}, Case{"999999999999g", -1}}) {
            const auto r = parse_size(c.text);
            CHECK_MESSAGE((r ? *r : -1) == c.bytes, c.text);
        }
    }

    TEST_CASE("what is printed reads back the same") {
        for (std::int64_t ms : {0, 1, 500, 1'000, 1'500, 60'000, 90'000, 7'200'000, 86'400'000})
            CHECK(parse_duration(format_duration(Milliseconds{ms})).value().count() == ms);
        for (std::int64_t bytes : {0, 1, 240, 1024, 1536, 32 << 10, 4 << 20, 1 << 30})
            CHECK(parse_size(format_size(bytes)).value() == bytes);
        CHECK(format_duration(Milliseconds{90'000}) == "90s");
        CHECK(format_size(4 << 20) == "4MiB");
    }
}
