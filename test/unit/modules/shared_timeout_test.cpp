// SPDX-License-Identifier: Apache-2.0
#include "modules/shared/timeout_header.hpp"

#include <doctest/doctest.h>

#include <utility>

using microhost::shared::effective_timeout_ms, microhost::shared::page_timeout_ms;

TEST_SUITE("the Timeout header") {
    using Case = std::pair<const char*, uint32_t>;

    TEST_CASE("digits are what Micro's clients mean by them") {
        for (const Case& c : {Case{"1", 1000},
                              {"60", 60'000},
                              {"601", 600'000},
                              {"500000000", 500},
                              {"1000000", 1},
                              {"999999", 600'000},
                              {"999999999999999999", 600'000}})
            CHECK_MESSAGE(effective_timeout_ms(600'000, c.first) == c.second, c.first);
        for (const Case& c : {Case{"1", 1000},
                              {"0060", 60'000},
                              {"1000000", 600'000},
                              {"0001000000", 600'000},
                              {"99999999999999999999", 600'000}})
            CHECK_MESSAGE(page_timeout_ms(600'000, c.first) == c.second, c.first);
    }

    TEST_CASE("fractions of a second, and units") {
        for (const Case& c : {Case{"0.5", 500},
                              {".25", 250},
                              {"1.5", 1500},
                              {"0.0001", 1},
                              {"0.0010000001", 5000},
                              {"250ms", 250},
                              {"0.5ms", 1},
                              {"1.5s", 1500},
                              {"2s", 2000},
                              {"0.1234567s", 124},
                              {"9s", 5000},
                              {"999999999999ms", 5000}}) {
            CHECK_MESSAGE(effective_timeout_ms(5000, c.first) == c.second, c.first);
            CHECK_MESSAGE(page_timeout_ms(5000, c.first) == c.second, c.first);
        }
    }

    TEST_CASE("what says no time leaves the configured one") {
        for (const char* bad : {"",
                                "0",
                                "0.0",
                                "0ms",
                                "-1",
                                "-0.5",
                                "+1",
                                "1.",
                                ".",
                                "s",
                                "ms",
                                ".s",
                                "1..5",
                                "1.5.2",
                                "1e3",
                                "1,5",
                                "5m",
                                "1h",
                                " 1",
                                "1 s",
                                "1s ",
                                "0x10",
                                "1sms",
                                "99999999999999999999",
                                "1234567890123s",
                                "1.0000000000000001",
                                "\xff"}) {
            CHECK_MESSAGE(effective_timeout_ms(5000, bad) == 5000, bad);
            CHECK_MESSAGE(page_timeout_ms(5000, bad) == 5000, bad);
        }
    }
}
