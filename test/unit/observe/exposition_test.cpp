// SPDX-License-Identifier: Apache-2.0
#include "observe/exposition.hpp"

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace microhost::observe;
using microhost::observe_test::lines_of;

TEST_SUITE("host/observe") {
    TEST_CASE("the exposition is what the Prometheus text format says, line by line") {
        Metrics metrics(2);
        const auto requests = metrics.counter_id(names::kRequests);
        metrics.counter(0, requests, {"web", "/", "2xx", "GET"}).add(7);
        metrics.counter(1, requests, {"api", "/a\"b\\c\nd\xff", "5xx", "POST"}).add(1);
        metrics.counter(0, metrics.counter_id(names::kModuleSeconds), {"api", "request"})
            .add(1'500'000'000);
        metrics.gauge(0, metrics.gauge_id(names::kConnections), {"edge"}).add(-2);
        const auto time =
            metrics.histogram(0, metrics.histogram_id(names::kRpcDuration), {"greeter"});
        time.observe(100);
        time.observe(101);
        time.observe(3'000'000);
        time.observe(60'000'000);
        const auto text = metrics.define_gauge("z_gauge", "Backslash \\ and\nnewline \"quoted\".");
        REQUIRE(text.has_value());
        metrics.gauge(0, *text, {}).set(5);

        const std::vector<std::string> expected{
            "# HELP microhost_connections Client connections that are open.",
            "# TYPE microhost_connections gauge",
            "microhost_connections{listener=\"edge\"} -2",
            "# HELP microhost_module_seconds_total Time spent in a module, by hook. Estimated from "
            "one call in 64.",
            "# TYPE microhost_module_seconds_total counter",
            "microhost_module_seconds_total{module=\"api\",hook=\"request\"} 1.5",
            "# HELP microhost_requests_total Requests answered.",
            "# TYPE microhost_requests_total counter",
            "microhost_requests_total{module=\"api\",route=\"/"
            "a\\\"b\\\\c\\nd\xef\xbf\xbd\",code_class=\"5xx\",method=\"POST\"} 1",
            "microhost_requests_total{module=\"web\",route=\"/"
            "\",code_class=\"2xx\",method=\"GET\"} 7",
            "# HELP microhost_rpc_duration_seconds Time of an RPC call, retries included.",
            "# TYPE microhost_rpc_duration_seconds histogram",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.0001\"} 1",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.00025\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.0005\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.001\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.0025\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.005\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.01\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.025\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.05\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.1\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.25\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"0.5\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"1\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"2.5\"} 2",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"5\"} 3",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"10\"} 3",
            "microhost_rpc_duration_seconds_bucket{service=\"greeter\",le=\"+Inf\"} 4",
            "microhost_rpc_duration_seconds_sum{service=\"greeter\"} 63.000201",
            "microhost_rpc_duration_seconds_count{service=\"greeter\"} 4",
            "# HELP z_gauge Backslash \\\\ and\\nnewline \"quoted\".",
            "# TYPE z_gauge gauge",
            "z_gauge 5",
        };
        const auto lines = lines_of(prometheus_text(metrics.collect()));
        CHECK(lines.size() == expected.size());
        for (std::size_t i = 0; i < std::min(lines.size(), expected.size()); ++i)
            CHECK(lines[i] == expected[i]);
        CHECK(prometheus_text(metrics.collect()) == prometheus_text(metrics.collect()));
    }

    TEST_CASE("real numbers are written as Prometheus reads them") {
        const std::pair<double, std::string> cases[] = {
            {0, "0"},
            {1.5, "1.5"},
            {1'767'323'045.25, "1767323045.25"},
            {std::numeric_limits<double>::infinity(), "+Inf"},
            {-std::numeric_limits<double>::infinity(), "-Inf"},
            {std::numeric_limits<double>::quiet_NaN(), "NaN"},
        };
        for (const auto& [number, text] : cases) {
            Metrics metrics(1);
            metrics.add_callback(names::kProcessStart,
                                 [n = number](const Emit& emit) { emit({}, n); });
            const auto lines = lines_of(prometheus_text(metrics.collect()));
            REQUIRE(lines.size() == 3);
            CHECK(lines[2] == "process_start_time_seconds " + text);
        }
    }

    TEST_CASE("nothing is exposed before anything is counted") {
        Metrics metrics(4);
        CHECK(prometheus_text(metrics.collect()).empty());
    }
}
