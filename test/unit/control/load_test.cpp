// SPDX-License-Identifier: Apache-2.0
#include "control/load.hpp"

#include <doctest/doctest.h>

#include "json/document.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

Buckets times(std::initializer_list<std::pair<size_t, uint64_t>> filled) {
    Buckets out{};
    for (const auto& [bucket, n] : filled) out[bucket] = n;
    return out;
}

struct Process {
    observe::Metrics metrics{1};
    observe::CounterId requests = metrics.counter_id(observe::names::kRequests);
    observe::HistogramId durations = metrics.histogram_id(observe::names::kRequestDuration);
    observe::CounterId calls = metrics.counter_id(observe::names::kRpcCalls);
    observe::CounterId hooks = metrics.counter_id(observe::names::kModuleCalls);
    observe::CounterId spent = metrics.counter_id(observe::names::kModuleSeconds);

    void request(const char* module, const char* code, uint64_t n, uint64_t us) {
        metrics.counter(0, requests, {module, "/a", code, "GET"}).add(n);
        const auto h = metrics.histogram(0, durations, {module, "/a"});
        for (uint64_t i = 0; i < n; i++) h.observe(us);
    }
    Reading at(uint64_t seconds) const {
        return read_metrics(metrics.collect(), seconds * 1'000'000'000, {});
    }
};

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("quantiles lie within the bucket that holds them") {
        CHECK_FALSE(quantile_us({}, 0.5));
        CHECK(*quantile_us(times({{0, 10}}), 0.5) == 50);
        CHECK(*quantile_us(times({{0, 98}, {3, 2}}), 0.99) == 750);  // 500 to 1000 µs
        CHECK(*quantile_us(times({{0, 1}, {16, 9}}), 0.99) == 10'000'000);
        CHECK(*quantile_us(times({{2, 1}}), 0) == 250);
    }

    TEST_CASE("rates are what has come between two readings") {
        Process p;
        p.request("api", "2xx", 1000, 90);
        p.request("control", "2xx", 5, 90);
        const Reading before = p.at(10);
        p.request("api", "2xx", 30, 700);
        p.request("api", "5xx", 10, 700);
        p.metrics.counter(0, p.calls, {"greeter", "ok"}).add(4);
        p.metrics.counter(0, p.calls, {"greeter", "timeout"}).add(2);
        p.metrics.counter(0, p.calls, {"greeter", "cancelled"}).add(2);
        p.metrics.counter(0, p.hooks, {"api", "on_request"}).add(40);
        p.metrics.counter(0, p.spent, {"api", "on_request"}).add(500'000'000);
        const Load load = load_between(before, p.at(12));
        CHECK(load.seconds == 2);
        REQUIRE(load.routes.size() == 1);  // whoever looks is not counted
        CHECK(load.routes[0].name == "api");
        CHECK(load.routes[0].detail == "/a");
        CHECK(load.routes[0].calls == 20);
        CHECK(load.routes[0].errors == 5);
        CHECK(*load.routes[0].p50_us == 750);
        REQUIRE(load.services.size() == 1);
        CHECK(load.services[0].calls == 4);
        CHECK(load.services[0].errors == 1);
        CHECK_FALSE(load.services[0].p99_us);
        REQUIRE(load.modules.size() == 1);
        CHECK(load.modules[0].calls == 20);
        CHECK(load.modules[0].share == 0.25);
        const auto json = json::Document::parse(json_of(load, 0));
        REQUIRE(bool(json));
        CHECK(json->root().find_pointer("/routes/0/requests_per_s").as_double() == 20);
        CHECK(json->root().find_pointer("/services/0/p50_ms").is_null());
    }

    TEST_CASE("the list is sorted as asked for and cut off") {
        Load load;
        for (const auto& [name, calls, p99] :
             {std::tuple{"a", 1.0, 9.0}, {"b", 3.0, 5.0}, {"c", 2.0, 7.0}}) {
            Rate r;
            r.name = name;
            r.calls = calls;
            r.p99_us = p99;
            load.services.push_back(r);
        }
        const auto names = [](Load l, const char* by, size_t lines) {
            sort_load(l, by, lines);
            std::string out;
            for (const Rate& r : l.services) out += r.name;
            return out;
        };
        CHECK(names(load, "requests", 9) == "bca");
        CHECK(names(load, "p99", 2) == "ac");
        CHECK(names(load, "name", 9) == "abc");
    }

    TEST_CASE("a table has a header, and words stand left, numbers right") {
        Load load;
        Rate r;
        r.name = "greeter";
        r.calls = 12.34;
        r.p50_us = 1500;
        r.p99_us = 2'000'000;
        load.services.push_back(r);
        CHECK(text_of(load) ==
              "SERVICE  CALLS/S  ERRORS/S     P50  P99  STREAMS\n"
              "greeter     12.3       0.0  1.5 ms  2 s        0\n");
        load.services.push_back(r);
        sort_load(load, "name", 1);
        CHECK(text_of(load).ends_with("\n... 1 more\n"));
        CHECK(text_of({}) == "nothing has come in and nothing was called\n");
    }
}
