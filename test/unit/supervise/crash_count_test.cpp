// SPDX-License-Identifier: Apache-2.0
#include "supervise/crash_count.hpp"

#include <doctest/doctest.h>

using microhost::supervise::CrashCount;

TEST_SUITE("host/supervise") {
    TEST_CASE("crashes count within the window, for each module and its bytes") {
        CrashCount c(3, 1000);
        CHECK_FALSE(c.add("a", "1", 10'000));
        CHECK_FALSE(c.add("a", "1", 10'500));
        CHECK_FALSE(c.add("b", "1", 10'600));
        CHECK_FALSE(c.add("a", "2", 10'700));
        CHECK_FALSE(c.add("a", "1", 11'001));  // the first is too long ago
        CHECK(c.add("a", "1", 11'400));
        CHECK_FALSE(c.add("a", "1", 11'400));  // from the beginning
        CrashCount off(0, 1000);
        for (int i = 0; i < 100; i++) CHECK_FALSE(off.add("a", "1", 10'000));
    }
}
