// SPDX-License-Identifier: Apache-2.0
#include "observe/log.hpp"

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>

#include <chrono>
#include <thread>

using namespace microhost;
using namespace microhost::log;
using namespace microhost::observe_test;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<Log> open_log(const Options& options) {
    auto log = Log::open(options);
    REQUIRE(log.has_value());
    return std::move(*log);
}

Options to_file(const std::string& path, Format format = Format::automatic) {
    Options options;
    options.path = path;
    options.format = format;
    return options;
}

/// What one line looks like without its time, which is checked to be one.
std::string without_time(const std::string& line) {
    const auto begins_like = [&](std::string_view shape) {
        if (line.size() < shape.size()) return false;
        for (std::size_t i = 0; i < shape.size(); ++i) {
            const bool digit = line[i] >= '0' && line[i] <= '9';
            if (shape[i] == '#' ? !digit : shape[i] != line[i]) return false;
        }
        return true;
    };
    constexpr std::string_view json = R"({"time":"####-##-##T##:##:##.###Z",)";
    constexpr std::string_view text = "####-##-## ##:##:##.### ";
    if (begins_like(json)) return "{" + line.substr(json.size());
    if (begins_like(text)) return line.substr(text.size());
    return "no time: " + line;
}

std::vector<std::string> logged(const std::string& path) {
    std::vector<std::string> lines = lines_of(read_file(path));
    for (std::string& line : lines) line = without_time(line);
    return lines;
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("a log that goes to a file is JSON lines with typed fields") {
        TemporaryFolder folder;
        {
            auto log = open_log(to_file(folder / "log"));
            const Domain http = log->domain("host/http");
            const std::string owned = "an owned text";
            const char* null = nullptr;
            http.info("listening", {{"address", "[::1]:80"}, {"port", 80}, {"tls", false}});
            http.warn("numbers", {{"min", INT64_MIN}, {"max", UINT64_MAX}, {"half", 0.5}});
            http.error("texts", {{"null", null}, {"owned", owned}, {"empty", ""}});
            http.info("odd",
                      {{"nan", std::numeric_limits<double>::quiet_NaN()}, {"u8", std::uint8_t{7}}});
            http.debug("not shown");
        }
        const auto lines = logged(folder / "log");
        REQUIRE(lines.size() == 4);
        const std::string module = R"(,"module":"host/http",)";
        CHECK(lines[0] == R"({"level":"info")" + module +
                              R"("msg":"listening","address":"[::1]:80","port":80,"tls":false})");
        CHECK(lines[1] == R"({"level":"warn")" + module +
                              R"("msg":"numbers","min":-9223372036854775808,)" +
                              R"("max":18446744073709551615,"half":0.5})");
        CHECK(lines[2] == R"({"level":"error")" + module + R"j("msg":"texts","null":"(null)",)j" +
                              R"("owned":"an owned text","empty":""})");
        CHECK(lines[3] == R"({"level":"info")" + module + R"("msg":"odd","nan":"nan","u8":7})");
    }

    TEST_CASE("the text format can be forced and quotes what is not one word") {
        TemporaryFolder folder;
        {
            auto log = open_log(to_file(folder / "log", Format::text));
            log->domain("api").info("started \xc3\xbc",
                                    {{"n", 3}, {"what", "two words"}, {"e", ""}, {"q", "a\"b"}});
            log->domain("host/net").error("no");
        }
        const std::vector<std::string> expected{
            "INFO  api  started \xc3\xbc n=3 what=\"two words\" e=\"\" q=\"a\\\"b\"",
            "ERROR host/net  no"};
        CHECK(logged(folder / "log") == expected);
    }

    TEST_CASE("nobody can forge a line or a field, whatever the texts hold") {
        const std::string evil = "x\n{\"level\":\"error\"}\r\x1b[1A\xff\"";
        for (const Format format : {Format::text, Format::json}) {
            TemporaryFolder folder;
            {
                auto log = open_log(to_file(folder / "log", format));
                log->domain(evil).info(evil,
                                       {{evil, evil}, {"msg", "not the message"}, {"a b=c", "d"}});
            }
            const std::string bytes = read_file(folder / "log");
            CHECK(std::count(bytes.begin(), bytes.end(), '\n') == 1);
            CHECK(bytes.back() == '\n');
            for (const char c : bytes.substr(0, bytes.size() - 1)) CHECK((c >= 0x20 && c < 0x7f));
            const std::string line = logged(folder / "log").at(0);
            CAPTURE(line);
            if (format == Format::json) {
                CHECK(line.find(R"("msg":"x\n{\"level\":\"error\"}\r\u001b[1A\ufffd\"")") !=
                      std::string::npos);
                CHECK(line.find(R"("field_msg":"not the message")") != std::string::npos);
            } else {
                CHECK(line.find(R"(x\n{"level":"error"}\r\x1b[1A\xff")") != std::string::npos);
                CHECK(line.find(" a_b_c=d") != std::string::npos);
            }
        }
    }

    TEST_CASE("on a terminal the line is text") {
        const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
        REQUIRE(terminal >= 0);
        REQUIRE(::grantpt(terminal) == 0);
        REQUIRE(::unlockpt(terminal) == 0);
        const int slave = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
        REQUIRE(slave >= 0);
        Options options;
        options.fd = slave;
        {
            auto log = open_log(options);
            log->domain("host").info("hello", {{"k", "v"}});
            CHECK(log->flush(10s));
        }
        char bytes[512];
        const ssize_t n = ::read(terminal, bytes, sizeof bytes);
        ::close(slave);
        ::close(terminal);
        REQUIRE(n > 0);
        const std::string line(bytes, static_cast<std::size_t>(n));
        CHECK(line.find("hello") != std::string::npos);
        CHECK(line.find('{') == std::string::npos);
        const char* no_colour = std::getenv("NO_COLOR");
        const bool plain = no_colour != nullptr && *no_colour != '\0';
        CHECK((line.find("\x1b[32mINFO") == std::string::npos) == plain);
    }

    TEST_CASE("long texts and too many fields are clipped and the line shows it") {
        TemporaryFolder folder;
        {
            auto log = open_log(to_file(folder / "log"));
            const Domain host = log->domain("host");
            host.info(std::string(5000, 'm'), {{"short", "s"}, {"long", std::string(3000, 'v')}});
            std::vector<Field> fields(40, Field("k", 1));
            host.write(Level::info, "many", fields);
            const std::string big(2048, 'x');
            const std::vector<Field> bigs(32, Field("k", big));
            host.write(Level::info, "much", bigs);
        }
        const auto lines = logged(folder / "log");
        REQUIRE(lines.size() == 3);
        CHECK(lines[0] == R"({"level":"info","module":"host","msg":")" +
                              std::string(kMaxMessage, 'm') +
                              "\xe2\x80\xa6\",\"short\":\"s\",\"long\":\"" +
                              std::string(kMaxValue, 'v') + "\xe2\x80\xa6\"}");
        std::size_t count = 0;
        for (std::size_t at = 0; (at = lines[1].find("\"k\":1", at)) != std::string::npos; ++at)
            ++count;
        CHECK(count == kMaxFields);
        CHECK(lines[2].size() < kMaxRecord + 1000);
        CHECK(lines[2].find("\xe2\x80\xa6") != std::string::npos);
    }

    TEST_CASE("levels hold for a domain and what is below it, and can change at any time") {
        TemporaryFolder folder;
        Options options = to_file(folder / "log", Format::text);
        options.levels = "warn,host/http=debug, api=error";
        auto log = open_log(options);
        const Domain h1 = log->domain("host/http/h1"), httpd = log->domain("host/httpd"),
                     api = log->domain("api");
        CHECK(h1.enabled(Level::debug));
        CHECK_FALSE(httpd.enabled(Level::info));
        CHECK(httpd.enabled(Level::warn));
        CHECK_FALSE(api.enabled(Level::warn));
        CHECK(api.enabled(Level::error));
        CHECK(api.level_word().load() == 3);

        REQUIRE(log->set_levels("info").has_value());
        CHECK_FALSE(h1.enabled(Level::debug));
        CHECK(api.enabled(Level::info));
        CHECK(log->domain("api").level_word().load() == 1);
        CHECK(&log->domain("api").level_word() == &api.level_word());

        for (const char* bad : {"", "loud", "info,", "=info", "host=", "host=loud", "info,,warn"}) {
            CAPTURE(bad);
            CHECK_FALSE(log->set_levels(bad).has_value());
        }
        CHECK(api.enabled(Level::info));
    }

    TEST_CASE(
        "when the reader is slow, lines are dropped, counted and reported, and nobody waits") {
        Pipe pipe;
        Options options;
        options.fd = pipe.ends[1];
        options.ring_bytes = 64 * 1024;
        options.exit_limit = 20s;
        auto log = open_log(options);
        const Domain host = log->domain("host");
        constexpr int kLines = 20'000;  // far more than the pipe and the ring hold
        for (int i = 0; i < kLines; ++i) host.info("a line that nobody reads", {{"i", i}});
        const std::uint64_t dropped = log->dropped();
        CHECK(dropped > 0);
        CHECK(dropped < kLines);

        std::string text;
        std::thread reader([&] { text = pipe.read_all(); });
        CHECK(log->flush(20s));
        host.info("after");
        log.reset();
        pipe.close_writing();
        reader.join();

        std::uint64_t written = 0, reported = 0;
        int last = -1;
        bool ordered = true;
        for (const std::string& line : lines_of(text)) {
            const std::size_t drop = line.find(" log lines dropped\"");
            const std::size_t number = line.find("\"i\":");
            const std::size_t message = line.find("\"msg\":\"");
            if (drop != std::string::npos) reported += std::stoull(line.substr(message + 7));
            if (number == std::string::npos) continue;
            ++written;
            ordered = ordered && std::stoi(line.substr(number + 4)) > last;
            last = std::stoi(line.substr(number + 4));
        }
        CHECK(ordered);
        CHECK(reported == dropped);
        CHECK(written + dropped == kLines);
        CHECK(text.find("\"after\"") != std::string::npos);
    }

    TEST_CASE("the end of the process does not wait for a pipe that nobody reads") {
        Pipe pipe;
        Options options;
        options.fd = pipe.ends[1];
        options.exit_limit = 50ms;
        auto log = open_log(options);
        const Domain host = log->domain("host");
        for (int i = 0; i < 5000; ++i)
            host.info("a line that nobody will ever read, and long enough to fill it");
        CHECK_FALSE(log->flush(1ms));
        const auto begin = std::chrono::steady_clock::now();
        log.reset();
        CHECK(std::chrono::steady_clock::now() - begin < 5s);
    }

    TEST_CASE("a pipe whose reader is gone is a counted failure and not a signal") {
        Pipe pipe;
        ::close(pipe.ends[0]);
        Options options;
        options.fd = pipe.ends[1];
        auto log = open_log(options);
        log->domain("host").info("to nobody");
        CHECK(log->flush(10s));
        CHECK(log->write_failures() == 1);
        log->domain("host").info("to nobody");
        CHECK(log->flush(10s));
        CHECK(log->write_failures() == 2);
        pipe.ends[0] = ::open("/dev/null", O_RDONLY);
    }

    TEST_CASE("after a rotation lines go to the new file") {
        TemporaryFolder folder;
        auto log = open_log(to_file(folder / "log", Format::text));
        const Domain host = log->domain("host");
        host.info("one");
        REQUIRE(log->flush(10s));
        std::filesystem::rename(folder / "log", folder / "log.1");
        host.info("two");
        REQUIRE(log->flush(10s));
        log->reopen();
        REQUIRE(log->flush(10s));
        host.info("three");
        REQUIRE(log->flush(10s));
        CHECK(logged(folder / "log.1") ==
              std::vector<std::string>{"INFO  host  one", "INFO  host  two"});
        CHECK(logged(folder / "log") == std::vector<std::string>{"INFO  host  three"});
    }

    TEST_CASE("a rotation that fails keeps the old file and says so in it") {
        TemporaryFolder folder;
        const std::string inner = folder / "inner";
        std::filesystem::create_directory(inner);
        auto log = open_log(to_file(inner + "/log", Format::text));
        std::filesystem::rename(inner, folder / "moved");
        log->reopen();
        REQUIRE(log->flush(10s));
        log->domain("host").info("still here");
        REQUIRE(log->flush(10s));
        const auto lines = logged(folder / "moved/log");
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].find("WARN  host/log  cannot open the log file") == 0);
        CHECK(lines[1] == "INFO  host  still here");
    }

    TEST_CASE("a log that cannot be opened says which file and why") {
        const auto log = Log::open(to_file("/nonexistent/folder/log"));
        REQUIRE_FALSE(log.has_value());
        CHECK(log.error().what ==
              "cannot open the log file /nonexistent/folder/log: No such file or directory");
        Options options;
        options.levels = "verbose";
        const auto level = Log::open(options);
        REQUIRE_FALSE(level.has_value());
        CHECK(level.error().what.find("\"verbose\" is not a log level") == 0);
    }

    TEST_CASE("the last records can be read from memory") {
        TemporaryFolder folder;
        Options options = to_file(folder / "log");
        options.tail_records = 10;
        auto log = open_log(options);
        CHECK(log->recent(5).empty());
        const Domain host = log->domain("host");
        for (int i = 1; i <= 25; ++i) host.info("line", {{"i", i}, {"ok", true}});
        REQUIRE(log->flush(10s));
        const auto all = log->recent(1000);
        REQUIRE(all.size() == 10);
        CHECK(all.front().sequence == 16);
        CHECK(all.back().sequence == 25);
        CHECK(all.back().module == "host");
        CHECK(all.back().level == Level::info);
        CHECK(all.back().message == "line");
        CHECK(all.back().fields ==
              std::vector<std::pair<std::string, std::string>>{{"i", "25"}, {"ok", "true"}});
        CHECK(log->recent(2).front().sequence == 24);
        CHECK(log->recent(1000, 23).size() == 2);
        CHECK(log->recent(1000, 25).empty());
        CHECK(log->recent(1000, 99).empty());
        CHECK(log->recent(0).empty());
    }

    TEST_CASE("two producers, a reader of the tail and the writer share a log") {
        TemporaryFolder folder;
        constexpr int kEach = 5000;
        Options options = to_file(folder / "log", Format::text);
        options.ring_bytes = 8 << 20;  // room for all, so that nothing is dropped
        {
            auto log = open_log(options);
            const auto produce = [&](const char* name) {
                const Domain mine = log->domain(name);
                for (int i = 0; i < kEach; ++i) mine.info("line", {{"i", i}});
            };
            std::thread one(produce, "one"), two(produce, "two");
            for (int i = 0; i < 20; ++i) {
                CHECK(log->recent(50).size() <= 50);
                CHECK(log->set_levels(i % 2 == 0 ? "debug" : "info").has_value());
            }
            one.join();
            two.join();
            CHECK(log->dropped() == 0);
        }
        int next_one = 0, next_two = 0, strange = 0;
        for (const std::string& line : logged(folder / "log")) {
            if (line == "INFO  one  line i=" + std::to_string(next_one)) {
                ++next_one;
            } else if (line == "INFO  two  line i=" + std::to_string(next_two)) {
                ++next_two;
            } else {
                ++strange;
            }
        }
        CHECK(next_one == kEach);
        CHECK(next_two == kEach);
        CHECK(strange == 0);
    }
}
