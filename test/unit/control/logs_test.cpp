// SPDX-License-Identifier: Apache-2.0
#include "control/logs.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace microhost;
using namespace microhost::control;

TEST_SUITE("host/control") {
    TEST_CASE("a line of the log is taken or not") {
        const std::array<log::Field, 3> fields{log::Field{"service", "greeter"},
                                               log::Field{"request_id", "6f1d"},
                                               log::Field{"status", 503}};
        const log::Record r{0, log::Level::warn, false, "host/http", "no node answers", fields};
        CHECK(LogFilter{}.takes(r));
        CHECK(LogFilter{.level = log::Level::warn}.takes(r));
        CHECK_FALSE(LogFilter{.level = log::Level::error}.takes(r));
        CHECK(LogFilter{.module = "host"}.takes(r));
        CHECK(LogFilter{.module = "host/http"}.takes(r));
        CHECK_FALSE(LogFilter{.module = "hos"}.takes(r));
        CHECK_FALSE(LogFilter{.module = "host/http/h1"}.takes(r));
        CHECK(LogFilter{.text = "node"}.takes(r));
        CHECK(LogFilter{.text = "service=greet"}.takes(r));
        CHECK(LogFilter{.text = "503"}.takes(r));
        CHECK_FALSE(LogFilter{.text = "Node"}.takes(r));
        CHECK(LogFilter{.request = "6f1d"}.takes(r));
        CHECK_FALSE(LogFilter{.request = "6f1"}.takes(r));
        CHECK_FALSE(LogFilter{.request = "greeter"}.takes(r));
    }

    TEST_CASE("who looks at the tail late finds the oldest gone, and can tell") {
        log::Options options;
        options.path = "/dev/null";
        options.tail_records = 4;
        const auto log = log::Log::open(options).value();
        const log::Domain d = log->domain("m");
        for (int i = 0; i < 10; i++) d.info("line", {{"n", i}});
        REQUIRE(log->flush(std::chrono::milliseconds(5000)));
        std::vector<uint64_t> seen;
        std::string values;
        log->each(3, [&](uint64_t sequence, const log::Record& r) {
            seen.push_back(sequence);
            values += std::to_string(r.fields[0].bits);
        });
        CHECK(seen == std::vector<uint64_t>{7, 8, 9, 10});
        CHECK(values == "6789");
        log->each(10, [&](uint64_t, const log::Record&) { CHECK(false); });
    }
}
