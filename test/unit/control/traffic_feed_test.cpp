// SPDX-License-Identifier: Apache-2.0
#include "control/traffic_feed.hpp"

#include <doctest/doctest.h>

#include "observe/metrics.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

struct Feed {
    Feed() { loop.adopt_thread(); }
    void count(uint64_t n) { metrics.counter(0, calls, {"greeter", "ok"}).add(n); }
    size_t points() const {
        size_t n = 0;
        feed.traffic().each(MH_RING_SECONDS, 0, [&](const auto& key, const auto& all) {
            if (key.kind == MH_TRAFFIC_SERVICE) n = all.size();
        });
        return n;
    }
    void turn_until(const size_t& ticks, size_t n) {
        const uint64_t end = Loop::clock_ns() + 20'000'000'000;
        while (ticks < n && Loop::clock_ns() < end) loop.turn(50);
    }

    observe::Metrics metrics{1};
    observe::CounterId calls = metrics.counter_id(observe::names::kRpcCalls);
    Loop loop{0};
    Census census{loop, {}, {}};
    TrafficFeed feed{loop, census, metrics, [] { return false; }};
};

void count_tick(void* user) { ++*static_cast<size_t*>(user); }

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("nothing is measured until somebody wants to know") {
        Feed f;
        CHECK_FALSE(f.feed.running());
        CHECK(f.loop.wait_hint() == -1);  // not even a timer runs
        size_t ticks = 0;
        CHECK(f.feed.watch(nullptr, count_tick, &ticks) != 0);
        CHECK(f.feed.running());
        CHECK(f.loop.wait_hint() >= 0);
    }

    TEST_CASE("a point comes each second, and those who watch are told") {
        Feed f;
        size_t ticks = 0, others = 0;
        f.count(100);  // before it was asked for
        const mh_token t = f.feed.watch(nullptr, count_tick, &ticks);
        const mh_token other = f.feed.watch(nullptr, count_tick, &others);
        CHECK(f.feed.unwatch(other) == MH_OK);
        CHECK(f.feed.unwatch(other) == MH_E_GONE);
        f.count(7);
        f.turn_until(ticks, 2);
        CHECK(ticks == 2);
        CHECK(others == 0);
        CHECK(f.points() == 2);
        CHECK(f.feed.unwatch(t) == MH_OK);
    }

    TEST_CASE("a loop that does not answer is not waited for") {
        Feed f;
        Loop stuck(1);  // nobody turns it
        Census census(f.loop, {&stuck}, {});
        TrafficFeed feed(f.loop, census, f.metrics, [] { return true; });
        size_t ticks = 0;
        feed.watch(nullptr, count_tick, &ticks);
        f.turn_until(ticks, 1);
        CHECK(ticks == 1);
    }
}
