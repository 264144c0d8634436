// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace microhost;

TEST_SUITE("host/loop") {
    TEST_CASE("work posted from many threads runs once, in order for each") {
        Loop loop(0);
        constexpr int kThreads = 4, kEach = 2000;
        std::vector<int> last(kThreads, -1);
        int ran = 0;
        bool ordered = true;
        std::thread runner([&] { loop.run(); });
        std::vector<std::thread> producers;
        for (int t = 0; t < kThreads; t++)
            producers.emplace_back([&, t] {
                for (int i = 0; i < kEach; i++)
                    loop.post([&, t, i] {
                        ordered = ordered && last[t] == i - 1;
                        last[t] = i;
                        if (++ran == kThreads * kEach) loop.stop();
                    });
            });
        for (auto& p : producers) p.join();
        runner.join();
        CHECK(ran == kThreads * kEach);
        CHECK(ordered);
    }

    TEST_CASE("work posted to a closed loop is dropped, not leaked and not run") {
        auto probe = std::make_shared<int>(1);
        Loop loop(0);
        loop.close_queue();
        CHECK_FALSE(loop.post([probe] { FAIL("ran"); }));
        CHECK(probe.use_count() == 1);
    }

    TEST_CASE("loops are found by index while they live") {
        {
            Loop loop(7);
            CHECK(Loop::by_index(7) == &loop);
        }
        CHECK(Loop::by_index(7) == nullptr);
        CHECK(Loop::by_index(100'000) == nullptr);
    }
}
