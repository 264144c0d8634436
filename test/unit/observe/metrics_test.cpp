// SPDX-License-Identifier: Apache-2.0
#include "observe/metrics.hpp"

#include "observe/log.hpp"
#include "observe/metric_names.hpp"
#include "observe/module_cost.hpp"
#include "observe/process_metrics.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

using namespace microhost;
using namespace microhost::observe;
using namespace std::chrono_literals;

namespace {

const Family* family(const std::vector<Family>& families, std::string_view name) {
    for (const Family& one : families) {
        if (one.name == name) return &one;
    }
    return nullptr;
}

std::uint64_t cell(const std::vector<Family>& families, std::string_view name,
                   const std::vector<std::string>& values) {
    const Family* found = family(families, name);
    if (found == nullptr) return ~std::uint64_t{0};
    for (const Sample& sample : found->samples) {
        if (sample.values == values) return sample.cells.at(0);
    }
    return ~std::uint64_t{0};
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("every time falls into the bucket whose bound it does not exceed") {
        const auto slow = [](std::uint64_t us) {
            std::size_t i = 0;
            while (i < kBucketBounds.size() && us > kBucketBounds[i]) ++i;
            return i;
        };
        for (std::uint64_t us = 0; us < 70'000; ++us) REQUIRE(bucket_of(us) == slow(us));
        for (const std::uint64_t bound : kBucketBounds) {
            for (const std::uint64_t us : {bound - 1, bound, bound + 1})
                CHECK(bucket_of(us) == slow(us));
        }
        for (int width = 0; width < 64; ++width) {
            const std::uint64_t power = std::uint64_t{1} << width;
            for (const std::uint64_t us : {power - 1, power, power + 1})
                CHECK(bucket_of(us) == slow(us));
        }
        CHECK(bucket_of(~std::uint64_t{0}) == kBuckets - 1);
    }

    TEST_CASE("a scrape shows the sum over all loops") {
        Metrics metrics(2);
        const auto requests = metrics.counter_id(names::kRequests);
        const auto open = metrics.gauge_id(names::kConnections);
        const auto time = metrics.histogram_id(names::kRequestDuration);
        for (std::size_t shard = 0; shard < 3; ++shard) {
            metrics.counter(shard, requests, {"api", "/x", "2xx", "GET"}).add(shard + 1);
        }
        metrics.counter(metrics.shared(), requests, {"api", "/x", "2xx", "GET"}).add_shared(10);
        metrics.gauge(0, open, {"edge"}).add(3);
        metrics.gauge(1, open, {"edge"}).add(-1);
        metrics.histogram(0, time, {"api", "/x"}).observe(99);
        metrics.histogram(1, time, {"api", "/x"}).observe(20'000'000);

        const auto families = metrics.collect();
        CHECK(families.size() == 3);
        CHECK(cell(families, "microhost_requests_total", {"api", "/x", "2xx", "GET"}) == 16);
        CHECK(cell(families, "microhost_connections", {"edge"}) == 2);
        const Family* histogram = family(families, "microhost_request_duration_seconds");
        REQUIRE(histogram != nullptr);
        const auto& cells = histogram->samples.at(0).cells;
        CHECK(cells.at(0) == 20'000'099);
        CHECK(cells.at(1) == 1);
        CHECK(cells.back() == 1);
    }

    TEST_CASE("the same labels are the same cell, and no two lists of labels are confused") {
        Metrics metrics(1);
        const auto id = metrics.define_counter("x_total", "x", {"a", "b"});
        REQUIRE(id.has_value());
        metrics.counter(0, *id, {"1", "2"}).add();
        metrics.counter(0, *id, {"1", "2"}).add();
        metrics.counter(0, *id, {"12", ""}).add();
        metrics.counter(0, *id, {"", "12"}).add();
        const auto families = metrics.collect();
        CHECK(family(families, "x_total")->samples.size() == 3);
        CHECK(cell(families, "x_total", {"1", "2"}) == 2);
    }

    TEST_CASE("a metric with too many label values is counted as other, with one warning") {
        observe_test::TemporaryFolder folder;
        log::Options options;
        options.path = folder / "log";
        auto log = log::Log::open(options);
        REQUIRE(log.has_value());
        const log::Domain domain = (*log)->domain("host/observe");
        Metrics metrics(1, &domain);
        Definition wanted{
            "plugin_paths_total", "Paths.", Kind::counter, Unit::one, {"path", "code"}};
        const auto metric = metrics.define(wanted, 3);
        REQUIRE(metric.has_value());
        for (int i = 0; i < 10; ++i) {
            const std::string path = std::to_string(i);
            metrics.counter(0, CounterId{*metric}, {path, "200"}).add();
        }
        metrics.counter(0, CounterId{*metric}, {"0", "200"}).add();  // known before: still itself
        const auto families = metrics.collect();
        CHECK(family(families, "plugin_paths_total")->samples.size() == 4);
        CHECK(cell(families, "plugin_paths_total", {"0", "200"}) == 2);
        CHECK(cell(families, "plugin_paths_total", {"other", "other"}) == 7);
        CHECK(cell(families, "microhost_metrics_overflow_total", {"plugin_paths_total"}) == 7);
        REQUIRE((*log)->flush(10s));
        const auto warnings = (*log)->recent(100);
        REQUIRE(warnings.size() == 1);
        CHECK(warnings[0].level == log::Level::warn);
        CHECK(warnings[0].fields[0].second == "plugin_paths_total");
    }

    TEST_CASE("a series that is really called other is not shown twice after an overflow") {
        Metrics metrics(1);
        const auto metric = metrics.define({"m_total", "", Kind::counter, Unit::one, {"l"}}, 2);
        REQUIRE(metric.has_value());
        for (const char* value : {"other", "a", "b", "c"})
            metrics.counter(0, CounterId{*metric}, {value}).add();
        const auto families = metrics.collect();
        CHECK(family(families, "m_total")->samples.size() == 2);
        CHECK(cell(families, "m_total", {"other"}) == 3);
    }

    TEST_CASE("modules get the default of a thousand series") {
        Metrics metrics(1);
        const auto id = metrics.define_counter("many_total", "", {"n"});
        REQUIRE(id.has_value());
        for (int i = 0; i < 1500; ++i) metrics.counter(0, *id, {std::to_string(i)}).add();
        const auto families = metrics.collect();
        CHECK(family(families, "many_total")->samples.size() == 1001);
        CHECK(cell(families, "many_total", {"other"}) == 500);
    }

    TEST_CASE("series by number: what a C interface gets and what it gets wrong") {
        Metrics metrics(2);
        const auto metric =
            metrics.define({"h_seconds", "", Kind::histogram, Unit::microseconds, {"l"}});
        REQUIRE(metric.has_value());
        const std::string_view value[] = {"v", "w"};
        const auto series = metrics.bind(*metric, std::span(value).first(1));
        REQUIRE(series.has_value());
        Kind kind{};
        Cell* first = metrics.cells(0, *series, kind);
        CHECK(kind == Kind::histogram);
        CHECK(first != nullptr);
        CHECK(metrics.cells(1, *series, kind) != first);
        CHECK(metrics.cells(99, *series, kind) == nullptr);
        CHECK(metrics.cells(0, {12345}, kind) == nullptr);
        CHECK(metrics.cells(0, {~0u}, kind) == nullptr);
        CHECK_FALSE(metrics.bind(*metric, value).has_value());
        CHECK_FALSE(metrics.bind(99'999, value).has_value());
    }

    TEST_CASE("definitions that Prometheus or a colleague would trip over are refused") {
        Metrics metrics(1);
        REQUIRE(metrics.define_counter("ok_total", "", {"a"}).has_value());
        CHECK(metrics.define_counter("ok_total", "", {"a"})->index ==
              metrics.define_counter("ok_total", "", {"a"})->index);
        CHECK_FALSE(metrics.define_counter("ok_total", "", {"b"}).has_value());
        CHECK_FALSE(metrics.define_counter("ok_total", "", {"a", "b"}).has_value());
        CHECK_FALSE(metrics.define_gauge("ok_total", "", {"a"}).has_value());
        const char* bad_names[] = {"",
                                   "1x_total",
                                   "a-b_total",
                                   "a b_total",
                                   "\xc3\xbc_total",
                                   "a\n_total",
                                   "no_suffix",
                                   "microhost_mine_total",
                                   "process_mine_total"};
        for (const char* name : bad_names) {
            CAPTURE(name);
            CHECK_FALSE(metrics.define_counter(name, "").has_value());
        }
        for (const char* label : {"1", "a-b", "le", "quantile", "__x", "a:b"}) {
            CAPTURE(label);
            CHECK_FALSE(metrics.define_counter("labelled_total", "", {label}).has_value());
        }
        CHECK_FALSE(metrics.define_counter("labelled_total", "", {"a", "a"}).has_value());
        CHECK_FALSE(metrics.define_histogram("latency", "").has_value());
        CHECK(metrics.define_histogram("latency_seconds", "").has_value());
        CHECK(metrics.define_gauge("queue:length", "").has_value());
        std::size_t defined = 0;
        while (defined < 2000 && metrics.define_gauge("g" + std::to_string(defined), "")) ++defined;
        CHECK(defined > 900);
        CHECK(defined < Metrics::kMaxMetrics);
    }

    TEST_CASE("the host's own names keep the rules that it sets for others") {
        std::set<std::string_view> seen;
        for (const Definition* own : names::kAll) {
            CAPTURE(own->name);
            CHECK(seen.insert(own->name).second);
            const bool host = own->name.starts_with("microhost_");
            CHECK((host || own->name.starts_with("process_")));
            Definition renamed = *own;
            renamed.name.remove_prefix(own->name.find('_') + 1);
            const auto checked = check_definition(renamed);
            CHECK(checked.has_value());
        }
    }

    TEST_CASE("process and log metrics are read at the scrape") {
        observe_test::TemporaryFolder folder;
        log::Options options;
        options.path = folder / "log";
        auto log = log::Log::open(options);
        REQUIRE(log.has_value());
        Metrics metrics(1);
        add_process_metrics(metrics, "1.2.3");
        add_log_metrics(metrics, **log);
        const auto families = metrics.collect();
        const auto real = [&](std::string_view name) {
            const Family* found = family(families, name);
            REQUIRE_MESSAGE(found != nullptr, std::string(name));
            return found->samples.at(0).real.value();
        };
        CHECK(real("process_resident_memory_bytes") > 100'000);
        CHECK(real("process_open_fds") >= 3);
        CHECK(real("process_max_fds") >= real("process_open_fds"));
        CHECK(real("process_cpu_seconds_total") >= 0);
        const double now = static_cast<double>(std::time(nullptr));
        CHECK(real("process_start_time_seconds") > now - 86'400 * 30);
        CHECK(real("process_start_time_seconds") < now + 5);
        CHECK(real("microhost_log_dropped_total") == 0);
        CHECK(family(families, "microhost_build_info")->samples.at(0).values.at(0) == "1.2.3");
    }

    TEST_CASE("open descriptors are counted exactly") {
        Metrics metrics(1);
        add_process_metrics(metrics, "");
        const auto fds = [&] {
            return family(metrics.collect(), "process_open_fds")->samples.at(0).real.value();
        };
        const double before = fds();
        observe_test::Pipe pipe;
        CHECK(fds() == before + 2);
    }

    TEST_CASE("a removed callback is not called again") {
        Metrics metrics(1);
        int calls = 0;
        const auto id = metrics.add_callback(names::kRegistryNodes, [&](const Emit& emit) {
            ++calls;
            emit({"a"}, 1);
            emit({"b"}, 2.5);
        });
        CHECK(family(metrics.collect(), "microhost_registry_nodes")->samples.size() == 2);
        metrics.remove_callback(id);
        CHECK(metrics.collect().empty());
        CHECK(calls == 1);
    }

    TEST_CASE("a module's calls are all counted and its time is about right") {
        Metrics metrics(1);
        const auto calls = metrics.counter(0, metrics.counter_id(names::kModuleCalls), {"m", "h"});
        const auto time = metrics.counter(0, metrics.counter_id(names::kModuleSeconds), {"m", "h"});
        ModuleCost cost(calls, time);
        const auto spin = [] {
            const auto until = std::chrono::steady_clock::now() + 2us;
            while (std::chrono::steady_clock::now() < until) {
            }
        };
        std::uint32_t timed = 0;
        constexpr std::uint32_t kCalls = 64 * 200;
        for (std::uint32_t i = 0; i < kCalls; ++i) {
            const std::uint64_t started = cost.begin();
            timed += started != 0;
            spin();
            cost.end(started);
        }
        CHECK(calls.value() == kCalls);
        CHECK(timed > 64 + 150);  // the first 64 and then about 199
        CHECK(timed < 64 + 250);
        // At least what was spun for, less the error of sampling; no upper bound, because a machine
        // may be busy.
        CHECK(time.value() > std::uint64_t{kCalls} * 2000 * 7 / 10);
    }

    TEST_CASE("loops count, define and bind while somebody scrapes") {
        Metrics metrics(2);
        constexpr std::uint64_t kEach = 20'000;
        std::atomic<bool> done{false};
        const auto count = [&](std::size_t loop) {
            const auto own = metrics.counter(loop, metrics.counter_id(names::kRequests),
                                             {"m", "/", "2xx", "GET"});
            const auto time =
                metrics.histogram(loop, metrics.histogram_id(names::kRequestDuration), {"m", "/"});
            for (std::uint64_t i = 0; i < kEach; ++i) {
                own.add();
                time.observe(i);
                if (i % 1000 != 0) continue;
                const auto id = metrics.define_counter("late_total", "", {"n"});
                metrics.counter(loop, *id, {std::to_string(i)}).add();
            }
        };
        std::thread one(count, 0), two(count, 1);
        std::thread scraper([&] {
            std::uint64_t last = 0;
            bool grows = true;
            while (!done.load()) {
                const auto families = metrics.collect();
                const std::uint64_t now =
                    cell(families, "microhost_requests_total", {"m", "/", "2xx", "GET"});
                if (now == ~std::uint64_t{0}) continue;
                grows = grows && now >= last;
                last = now;
            }
            CHECK(grows);
        });
        one.join();
        two.join();
        done = true;
        scraper.join();
        const auto families = metrics.collect();
        CHECK(cell(families, "microhost_requests_total", {"m", "/", "2xx", "GET"}) == 2 * kEach);
        CHECK(cell(families, "late_total", {"1000"}) == 2);
    }
}
