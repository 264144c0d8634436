// SPDX-License-Identifier: Apache-2.0
#include "loop/wheel.hpp"

#include <doctest/doctest.h>

using namespace microhost;

namespace {
struct Alarm : Timer {
    int fired = 0;
    Alarm() {
        fire = [](Timer& t) { static_cast<Alarm&>(t).fired++; };
    }
};
}  // namespace

TEST_SUITE("host/loop") {
    TEST_CASE("a timer fires after its delay, never early, at most two ticks late") {
        for (uint64_t delay : {1u, 99u, 100u, 101u, 1000u, 51'000u, 60'000u, 600'000u}) {
            Wheel w(12'345);
            Alarm a;
            w.arm(a, 12'345, delay);
            w.advance(12'345 + delay - 1);
            CHECK_MESSAGE(a.fired == 0, delay);
            w.advance(12'345 + delay + 200);
            CHECK_MESSAGE(a.fired == 1, delay);
        }
    }

    TEST_CASE("moving a deadline later keeps it from firing at the old time") {
        Wheel w(0);
        Alarm a;
        w.arm(a, 0, 500);
        w.advance(400);
        w.arm(a, 400, 500);
        w.advance(800);
        CHECK(a.fired == 0);
        w.advance(1100);
        CHECK(a.fired == 1);
    }

    TEST_CASE("moving a deadline earlier works") {
        Wheel w(0);
        Alarm a;
        w.arm(a, 0, 60'000);
        w.arm(a, 0, 300);
        w.advance(500);
        CHECK(a.fired == 1);
    }

    TEST_CASE("a disarmed or destroyed timer does not fire") {
        Wheel w(0);
        Alarm kept;
        {
            Alarm gone;
            w.arm(gone, 0, 200);
            w.arm(kept, 0, 200);
        }
        Wheel::disarm(kept);
        w.advance(1000);
        CHECK(kept.fired == 0);
        CHECK(w.next_timeout_ms(1000) == -1);
    }

    TEST_CASE("the wait until the next slot is right, across the wrap of the wheel") {
        Wheel w(0);
        Alarm a;
        CHECK(w.next_timeout_ms(0) == -1);
        w.advance(45'000);
        w.arm(a, 45'000, 20'000);
        CHECK(w.next_timeout_ms(45'000) == 20'100);
        w.advance(65'100);
        CHECK(a.fired == 1);
    }
}
