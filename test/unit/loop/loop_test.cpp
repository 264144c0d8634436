// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <string>
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

    TEST_CASE("a timer armed between two turns counts from then") {
        struct Alarm : Timer {
            uint64_t fired_ns = 0;
        } alarm;
        alarm.fire = [](Timer& t) { static_cast<Alarm&>(t).fired_ns = Loop::clock_ns(); };
        Loop loop(0);
        loop.turn(0);
        // The control thread's loop rests while Asio sleeps and runs a handler.
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        const uint64_t armed_ns = Loop::clock_ns();
        CHECK(loop.now_ns() >= armed_ns);
        loop.arm(alarm, 300);
        while (!alarm.fired_ns) loop.turn();
        CHECK(alarm.fired_ns - armed_ns >= 300'000'000);
    }

    TEST_CASE("work posted to a closed loop is dropped, not leaked and not run") {
        auto probe = std::make_shared<int>(1);
        Loop loop(0);
        loop.close_queue();
        CHECK_FALSE(loop.post([probe] { FAIL("ran"); }));
        CHECK(probe.use_count() == 1);
    }

    TEST_CASE("whose events come next is asked to fetch, step after step, and then handled") {
        struct Ready final : Pollable {
            Ready(Loop& loop, std::string& out, char n) : fd(eventfd(1, 0)), said(out), name(n) {
                loop.add(fd, this);
            }
            ~Ready() { close(fd); }
            void on_events(uint32_t) override { said += name; }
            void fetch(unsigned step) const override {
                said += {name, static_cast<char>('0' + step), ' '};
            }
            int fd;
            std::string& said;
            char name;
        };
        Loop loop(0);
        std::string said;
        Ready a(loop, said, 'a'), b(loop, said, 'b'), c(loop, said, 'c'), d(loop, said, 'd'),
            e(loop, said, 'e');
        loop.turn();
        CHECK(said == "d3 c2 b1 ae3 d2 c1 be2 d1 ce1 de");
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
