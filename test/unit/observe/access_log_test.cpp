// SPDX-License-Identifier: Apache-2.0
#include "observe/access_log.hpp"

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace microhost;
using namespace microhost::observe;
using namespace microhost::observe_test;
using namespace std::chrono_literals;

namespace {

AccessRecord example() {
    AccessRecord r;
    r.time_us = 1'767'323'045'678'901;  // 2026-01-02T03:04:05.678Z
    r.peer = "192.0.2.7";
    r.user = "ann";
    r.method = "GET";
    r.target = "/greeter/say?name=J";
    r.version = "HTTP/1.1";
    r.status = 200;
    r.bytes = 20;
    r.referer = "https://example.org/";
    r.user_agent = "curl/8";
    r.duration_us = 431;
    r.request_id = "abc";
    r.upstream = "127.0.0.1:9000";
    r.listener = "edge";
    r.route = "/greeter";
    return r;
}

std::string combined(const AccessRecord& record) {
    std::string out;
    append_combined_line(out, record);
    return out;
}
std::string json(const AccessRecord& record) {
    std::string out;
    append_json_line(out, record);
    return out;
}

std::unique_ptr<AccessLog> open_log(const AccessOptions& options) {
    auto log = AccessLog::open(options);
    REQUIRE(log.has_value());
    return std::move(*log);
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("an access line is what Apache calls combined") {
        CHECK(combined(example()) ==
              "192.0.2.7 - ann [02/Jan/2026:03:04:05 +0000] \"GET /greeter/say?name=J HTTP/1.1\" "
              "200 20 "
              "\"https://example.org/\" \"curl/8\"\n");
        AccessRecord bare;
        bare.status = 400;
        CHECK(combined(bare) == "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 - \"-\" \"-\"\n");
    }

    TEST_CASE("an access line in JSON has every member that is known") {
        CHECK(
            json(example()) ==
            R"({"time":"2026-01-02T03:04:05.678Z","peer":"192.0.2.7","user":"ann","method":"GET",)"
            R"("target":"/greeter/say?name=J","version":"HTTP/1.1","status":200,"bytes":20,)"
            R"("referer":"https://example.org/","user_agent":"curl/8","duration_us":431,"request_id":"abc",)"
            R"("upstream":"127.0.0.1:9000","listener":"edge","route":"/greeter"})"
            "\n");
        CHECK(
            json({}) ==
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"status\":0,\"bytes\":0,\"duration_us\":0}\n");
    }

    TEST_CASE("a client cannot forge an access line or a column") {
        AccessRecord r = example();
        r.user = "ann [x] \"";
        r.target = "/ HTTP/1.1\" 200 1\n";
        r.user_agent = "a\"b\\c\x1b\xff";
        CHECK(
            combined(r) ==
            "192.0.2.7 - ann\\x20[x]\\x20\\\" [02/Jan/2026:03:04:05 +0000] "
            "\"GET /\\x20HTTP/1.1\\\"\\x20200\\x201\\n HTTP/1.1\" 200 20 \"https://example.org/\" "
            "\"a\\\"b\\\\c\\x1b\\xff\"\n");
        const std::string line = json(r);
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(line.find(R"("user_agent":"a\"b\\c\u001b\ufffd")") != std::string::npos);
        r.target = std::string_view();
        const std::string huge(100'000, 'x');
        r.user_agent = huge;
        CHECK(combined(r).size() < kMaxAccessText + 300);
    }

    TEST_CASE("lines reach the file by a tick, by a full buffer and at the end") {
        TemporaryFolder folder;
        AccessOptions options;
        options.path = folder / "access";
        options.loops = 2;
        auto log = open_log(options);
        const std::string line = combined(example());

        log->append(0, example());
        REQUIRE(log->flush(10s));
        CHECK(read_file(options.path).empty());
        log->tick(0, 5000);
        REQUIRE(log->flush(10s));
        CHECK(read_file(options.path) == line);

        log->append(0, example());
        log->tick(0, 5999);  // less than a second after the last
        REQUIRE(log->flush(10s));
        CHECK(read_file(options.path) == line);
        log->tick(0, 6000);
        REQUIRE(log->flush(10s));
        CHECK(read_file(options.path) == line + line);

        const std::size_t to_fill = AccessLog::kBufferBytes / line.size() + 1;
        for (std::size_t i = 0; i < to_fill; ++i) log->append(1, example());
        REQUIRE(log->flush(10s));
        CHECK(read_file(options.path).size() == (2 + to_fill) * line.size());

        log->append(0, example());
        log->append(1, example());
        log.reset();
        CHECK(read_file(options.path).size() == (4 + to_fill) * line.size());
    }

    TEST_CASE("loops never wait for a slow disk: whole lines are dropped and counted") {
        Pipe pipe;
        AccessOptions options;
        options.fd = pipe.ends[1];
        options.exit_limit = 20s;
        auto log = open_log(options);
        const std::string line = combined(example());
        // More than all buffers and the pipe (64 KiB) can hold.
        const std::size_t lines = (AccessLog::kBuffers + 4) * AccessLog::kBufferBytes / line.size();
        for (std::size_t i = 0; i < lines; ++i) log->append(0, example());
        CHECK(log->dropped() > 0);
        const std::uint64_t dropped = log->dropped();
        std::string text;
        std::thread reader([&] { text = pipe.read_all(); });
        log.reset();
        pipe.close_writing();
        reader.join();
        const auto written = lines_of(text);
        CHECK(written.size() + dropped == lines);
        for (const std::string& one : written) REQUIRE(one + "\n" == line);
    }

    TEST_CASE("two loops and the writer share an access log") {
        TemporaryFolder folder;
        AccessOptions options;
        options.path = folder / "access";
        options.loops = 2;
        options.format = AccessFormat::json;
        constexpr std::uint64_t kEach = 4000;
        std::uint64_t dropped = 0;
        {
            auto log = open_log(options);
            const auto produce = [&](std::size_t loop) {
                for (std::uint64_t i = 0; i < kEach; ++i) {
                    log->append(loop, example());
                    if (i % 100 == 0) log->tick(loop, i * 100);
                }
            };
            std::thread one(produce, 0), two(produce, 1);
            log->reopen();
            one.join();
            two.join();
            dropped = log->dropped();
        }
        CHECK(lines_of(read_file(options.path)).size() + dropped == 2 * kEach);
    }
}
