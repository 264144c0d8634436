// SPDX-License-Identifier: Apache-2.0
#include "control/watchdog.hpp"

#include <doctest/doctest.h>

#include <semaphore>
#include <thread>

#include "rig.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

uint64_t stalls(const observe::Metrics& metrics) {
    for (const observe::Family& f : metrics.collect())
        if (f.name == observe::names::kLoopStalls.name) return f.samples.at(0).cells.at(0);
    return 0;
}

/// A loop on a thread of its own.
struct Turning {
    Loop loop{0};
    std::thread thread{[this] { loop.run(); }};
    ~Turning() {
        loop.stop();
        thread.join();
    }
};

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("a loop that is blocked is counted once, and forgiven when it turns again") {
        Rig rig(1);
        Turning turning;
        Watchdog dog(rig.loop, {&turning.loop}, rig.log->domain("test"), rig.metrics);
        std::binary_semaphore in(0), out(0);
        turning.loop.post([&] {
            in.release();
            out.acquire();
        });
        in.acquire();
        dog.look(5'000);
        dog.look(6'000);
        CHECK(dog.stalled_count() == 0);  // not more than a second yet
        dog.look(6'001);
        dog.look(9'000);
        CHECK(dog.stalled_count() == 1);
        CHECK(dog.stalled(9'000) == std::vector<uint64_t>{4'000});
        CHECK(stalls(rig.metrics) == 1);
        turning.loop.post([&] { in.release(); });
        out.release();
        in.acquire();
        dog.look(9'100);
        CHECK(dog.stalled_count() == 0);
        CHECK(stalls(rig.metrics) == 1);
    }

    TEST_CASE("a loop that waits for events is well, however long it waits") {
        Rig rig(1);
        Turning turning;
        // A wake-up may be on its way to a loop that waits: what counts is one that waited all the while.
        turning.loop.post([] {});
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        size_t stalled = 0;
        uint64_t stamp = 0;
        do {
            REQUIRE(std::chrono::steady_clock::now() < limit);
            std::this_thread::yield();
            stamp = turning.loop.turn_stamp();
            Watchdog dog(rig.loop, {&turning.loop}, rig.log->domain("test"), rig.metrics);
            dog.look(1'000);
            dog.look(100'000);
            stalled = dog.stalled_count();
        } while (stamp == 0 || Loop::busy(stamp) || turning.loop.turn_stamp() != stamp);
        CHECK(stalled == 0);
    }

    TEST_CASE("turns are counted") {
        Rig rig;
        const uint64_t before = Loop::turns(rig.loop.turn_stamp());
        for (int i = 0; i < 3; i++) rig.loop.turn(0);
        CHECK(Loop::turns(rig.loop.turn_stamp()) == before + 3);
    }
}
