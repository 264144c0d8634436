// SPDX-License-Identifier: Apache-2.0
#include "control/traffic.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

using namespace microhost;
using namespace microhost::control;

namespace {

Rate rate(std::string name, double calls, double errors = 0, std::optional<double> p90_us = {}) {
    Rate r;
    r.name = std::move(name);
    r.calls = calls;
    r.errors = errors;
    r.p50_us = r.p90_us = r.p99_us = p90_us;
    return r;
}

/// One service that is called so often.
Load greeter(double calls, std::optional<double> p90_us = {}) {
    Load load;
    load.all = rate("", calls);
    load.services.push_back(rate("greeter", calls, 0, p90_us));
    return load;
}

using Points = std::vector<TrafficPoint>;

std::optional<Points> line(const Traffic& t, int32_t kind, std::string_view name,
                           int32_t ring = MH_RING_SECONDS, size_t most = 0) {
    std::optional<Points> found;
    t.each(ring, most, [&](const Traffic::Key& key, std::span<const TrafficPoint> points) {
        if (key.kind == kind && key.name == name) found.emplace(points.begin(), points.end());
    });
    return found;
}

Points service(const Traffic& t, int32_t ring = MH_RING_SECONDS, size_t most = 0) {
    const auto found = line(t, MH_TRAFFIC_SERVICE, "greeter", ring, most);
    REQUIRE(found);
    return *found;
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("a line of traffic begins when something passes, and has a point a second") {
        Traffic t;
        t.add(greeter(0), 0, 1000);
        CHECK_FALSE(line(t, MH_TRAFFIC_SERVICE, "greeter"));
        t.add(greeter(5, 2000), 0, 2000);
        t.add(greeter(0), 0, 3000);
        const Points p = service(t);
        REQUIRE(p.size() == 2);
        CHECK(p[0].requests == 5);
        CHECK(p[0].p90_ms == 2);
        CHECK(p[1].requests == 0);
        CHECK(std::isnan(p[1].p90_ms));
        CHECK(std::isnan(p[1].bytes));
        CHECK(line(t, MH_TRAFFIC_ALL, "")->size() == 3);
        CHECK(t.end_ms(MH_RING_SECONDS) == 3000);
        CHECK(t.end_ms(MH_RING_TENS) == 0);
        CHECK(service(t, MH_RING_SECONDS, 1).size() == 1);
        CHECK(service(t, MH_RING_TENS).empty());
    }

    TEST_CASE("five minutes are kept by the second, oldest first") {
        Traffic t;
        for (int i = 1; i <= 1000; i++) t.add(greeter(i), 0, i * 1000);
        const Points p = service(t);
        REQUIRE(p.size() == Traffic::kSeconds);
        CHECK(p.front().requests == 701);
        CHECK(p.back().requests == 1000);
        CHECK(service(t, MH_RING_SECONDS, 2).front().requests == 999);
    }

    TEST_CASE("ten seconds are the mean of the rates and the highest of the quantiles") {
        Traffic t;
        for (int i = 1; i <= 10; i++) t.add(greeter(i, i == 4 ? 9000 : 1000), 0, i * 1000);
        for (int i = 1; i <= 9; i++) t.add(greeter(0), 0, 10'000 + i * 1000);
        t.add(greeter(20), 0, 20'000);
        const Points p = service(t, MH_RING_TENS);
        REQUIRE(p.size() == 2);
        CHECK(p[0].requests == doctest::Approx(5.5));
        CHECK(p[0].p90_ms == 9);
        CHECK(p[1].requests == 2);
        CHECK(std::isnan(p[1].p90_ms));
        CHECK(t.end_ms(MH_RING_TENS) == 20'000);
        for (int i = 1; i <= 4000; i++) t.add(greeter(1), 0, i);
        CHECK(service(t, MH_RING_TENS).size() == Traffic::kTens);
    }

    TEST_CASE("before a line began nothing passed, also in the mean of its first ten seconds") {
        Traffic t;
        for (int i = 0; i < 9; i++) t.add({}, 0, 0);
        t.add(greeter(10), 0, 0);
        CHECK(service(t, MH_RING_TENS)[0].requests == 1);
    }

    TEST_CASE("seconds that were not measured are no zeros") {
        Traffic t;
        t.add(greeter(4), 0, 1000);
        t.add(greeter(6), 3, 5000);
        const Points p = service(t);
        REQUIRE(p.size() == 5);
        CHECK(p[0].requests == 4);
        for (size_t i = 1; i < 4; i++) CHECK(std::isnan(p[i].requests));
        CHECK(p[4].requests == 6);
        for (int i = 0; i < 5; i++) t.add(greeter(2), 0, 0);
        CHECK(service(t, MH_RING_TENS)[0].requests == doctest::Approx(20.0 / 7));
    }

    TEST_CASE("what has seen nothing for an hour is forgotten, and what has is not") {
        Traffic t;
        Load both = greeter(1);
        both.services.push_back(rate("other", 1));
        t.add(both, 0, 0);
        for (uint64_t i = 0; i < Traffic::kForgetSeconds; i++) {
            Load load = greeter(0);
            load.services.push_back(rate("other", i % 2 ? 1 : 0));
            t.add(load, 0, 0);
        }
        CHECK(line(t, MH_TRAFFIC_SERVICE, "greeter"));
        t.add({}, 0, 0);
        CHECK_FALSE(line(t, MH_TRAFFIC_SERVICE, "greeter"));
        CHECK(line(t, MH_TRAFFIC_SERVICE, "other"));
        CHECK(line(t, MH_TRAFFIC_ALL, ""));
        t.add(greeter(1), 0, 0);
        CHECK(service(t).size() == 1);
    }

    TEST_CASE("a kind has a limit of lines, which does not touch the others") {
        Traffic t;
        Load load;
        for (size_t i = 0; i < Traffic::kMostLines + 10; i++)
            load.routes.push_back(rate(std::to_string(i), 1));
        load.services.push_back(rate("greeter", 1));
        t.add(load, 0, 0);
        CHECK(t.lines() == Traffic::kMostLines + 2);
        CHECK(service(t).size() == 1);
    }

    TEST_CASE("each kind says what is measured of it") {
        Traffic t;
        Load load;
        load.all = rate("", 8, 1, 1500);
        load.all.streams = 3;
        load.listeners.push_back({"edge", 4, 3, 2, 100, 200});
        load.upstreams.push_back(rate("a:80", 7, 2, 500));
        load.upstreams[0].streams = 6;
        load.modules.push_back({"api", 40, 0.25});
        t.add(load, 0, 0);
        const TrafficPoint all = line(t, MH_TRAFFIC_ALL, "")->back();
        CHECK(all.errors == 1);
        CHECK(all.open == 3);
        CHECK(all.bytes == 300);
        const TrafficPoint edge = line(t, MH_TRAFFIC_LISTENER, "edge")->back();
        CHECK(edge.requests == 2);
        CHECK(edge.open == 4);
        CHECK(edge.bytes == 300);
        CHECK(std::isnan(edge.errors));
        const TrafficPoint upstream = line(t, MH_TRAFFIC_UPSTREAM, "a:80")->back();
        CHECK(upstream.errors == 2);
        CHECK(upstream.open == 6);
        CHECK(upstream.p99_ms == 0.5f);
        const TrafficPoint api = line(t, MH_TRAFFIC_MODULE, "api")->back();
        CHECK(api.requests == 40);
        CHECK(api.busy == 0.25f);
        CHECK(std::isnan(api.open));
    }
}
