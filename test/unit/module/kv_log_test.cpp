// SPDX-License-Identifier: Apache-2.0
#include "module/kv_log.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "module/kv_record.hpp"

using namespace microhost;
using namespace microhost::module;
namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void spill(const fs::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), 0600);
}

/// A folder for state, a clock that stands still, and one process after the other.
struct Disk {
    fs::path state;
    uint64_t steady = 1'000, wall = 1'700'000'000'000;
    std::unique_ptr<log::Log> log;

    Disk() {
        char name[] = "/tmp/microhost-kv-XXXXXX";
        state = ::mkdtemp(name);
        log::Options o;
        o.path = (state / "log").string();
        log = *log::Log::open(o);
    }
    ~Disk() { fs::remove_all(state); }
    fs::path file() const { return state / "kv" / "com.acme.x"; }
    std::string said() {
        log->flush(std::chrono::seconds(5));
        return slurp(state / "log");
    }
};

/// What one process has of it. It ends as by kill -9: only what write() has written is there afterwards.
struct Process {
    Disk& disk;
    KvNamespace keys;
    int woken = 0;
    KvLog kept;
    Result<> opened;

    explicit Process(Disk& d)
        : disk(d),
          kept(keys, (d.state / "kv").string(), "com.acme.x",
               {[&d] { return d.steady; }, [&d] { return d.wall; }}, d.log->domain("host/kv"),
               [this] { woken++; }),
          opened(kept.open()) {
        if (!opened) return;
        keys.keep(kept);
        CHECK(kept.write());
    }
    std::string get(std::string_view key) {
        const auto e = keys.get(key, disk.steady);
        return e ? e->value : "-";
    }
    void set(std::string_view key, std::string_view value, uint64_t ttl = 0) {
        CHECK(keys.set(key, value, ttl, disk.steady) == MH_OK);
    }
};

}  // namespace

TEST_SUITE("host/module") {
    TEST_CASE("what was written is there in the next process, in private files") {
        Disk disk;
        {
            Process p(disk);
            p.set("a", "1");
            p.set("b", std::string("\0\n", 2));
            p.set("gone", "x");
            int64_t n = 0;
            CHECK(p.keys.incr("n", 5, 0, disk.steady, n) == MH_OK);
            CHECK(p.keys.remove("gone", disk.steady) == MH_OK);
            CHECK(p.woken == 5);
            CHECK(p.kept.write());
            p.set("late", "x");  // and killed before it was written
        }
        Process p(disk);
        CHECK(p.get("a") == "1");
        CHECK(p.get("b") == std::string("\0\n", 2));
        CHECK(p.get("n") == "5");
        CHECK(p.get("gone") == "-");
        CHECK(p.get("late") == "-");
        CHECK(fs::status(disk.file()).permissions() == fs::perms(0600));
        CHECK(fs::status(disk.state / "kv").permissions() == fs::perms(0700));
        CHECK(disk.said().empty());
    }

    TEST_CASE("a time to live goes on while no process runs") {
        Disk disk;
        {
            Process p(disk);
            p.set("short", "x", 10'000);
            p.set("long", "x", 100'000);
            CHECK(p.kept.write());
        }
        disk.wall += 50'000;
        disk.steady = 7;  // another boot
        Process p(disk);
        CHECK(p.get("short") == "-");
        CHECK(p.get("long") == "x");
        disk.steady += 49'999;
        CHECK(p.get("long") == "x");
        disk.steady += 1;
        CHECK(p.get("long") == "-");
    }

    TEST_CASE("wherever a write was cut off, what came before it is there") {
        Disk disk;
        std::vector<size_t> ends;
        {
            Process p(disk);
            for (const char* key : {"a", "b", "c"}) {
                p.set(key, std::string("value of ") + key);
                CHECK(p.kept.write());
                ends.push_back(fs::file_size(disk.file()));
            }
        }
        const std::string whole = slurp(disk.file());
        for (size_t n = 0; n <= whole.size(); n++) {
            CAPTURE(n);
            spill(disk.file(), whole.substr(0, n));
            {
                Process p(disk);
                REQUIRE(p.opened.has_value());
                CHECK((p.get("a") != "-") == (n >= ends[0]));
                CHECK((p.get("b") != "-") == (n >= ends[1]));
                CHECK((p.get("c") != "-") == (n >= ends[2]));
                // It goes on from there, and the cut is gone from the file.
                p.set("d", "new");
                CHECK(p.kept.write());
            }
            Process next(disk);
            CHECK(next.get("d") == "new");
        }
    }

    TEST_CASE("a damaged byte costs its own record, and one line in the log") {
        Disk disk;
        {
            Process p(disk);
            for (int i = 0; i < 20; i++) p.set("key" + std::to_string(i), std::string(50, 'x'));
            CHECK(p.kept.write());
        }
        const std::string whole = slurp(disk.file());
        for (size_t at = kKvFirstLine.size(); at < whole.size(); at += 13) {
            CAPTURE(at);
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
            spill(disk.file(), damaged);
            Process p(disk);
            REQUIRE(p.opened.has_value());
            CHECK(p.keys.size() == 19);
        }
        std::string cut = whole.substr(0, whole.size() - 3);
        spill(disk.file(), cut);
        const std::string before = disk.said();
        { Process p(disk); }
        const std::string line = disk.said().substr(before.size());
        CHECK(line.find("the end of a module's keys is damaged") != line.npos);
        CHECK(std::count(line.begin(), line.end(), '\n') == 1);
        { Process p(disk); }
        CHECK(disk.said() == before + line);
    }

    TEST_CASE("a file of something else is left alone") {
        Disk disk;
        fs::create_directory(disk.state / "kv");
        spill(disk.file(), "precious");
        {
            Process p(disk);
            REQUIRE_FALSE(p.opened.has_value());
            CHECK(p.opened.error().what.find("is no file of keys") != std::string::npos);
        }
        CHECK(slurp(disk.file()) == "precious");
        fs::remove(disk.file());
        spill(disk.file(), kKvFirstLine);
        ::chmod(disk.file().c_str(), 0666);
        CHECK_FALSE(Process(disk).opened.has_value());
    }

    TEST_CASE("history is dropped once it is most of the file") {
        Disk disk;
        const std::string value(10'000, 'x');
        size_t largest = 0;
        {
            Process p(disk);
            p.set("other", "stays");
            for (int i = 0; i < 1000; i++) {
                p.set("key", value + std::to_string(i));
                CHECK(p.kept.write());
                largest = std::max<size_t>(largest, fs::file_size(disk.file()));
            }
        }
        CHECK(largest <= KvLog::kSmall);
        Process p(disk);
        CHECK(p.get("key") == value + "999");
        CHECK(p.get("other") == "stays");
    }

    TEST_CASE("a process that was killed while it wrote the file anew has harmed nothing") {
        Disk disk;
        {
            Process p(disk);
            p.set("a", "1");
            CHECK(p.kept.write());
        }
        spill(disk.state / "kv/.com.acme.x.new", "half a fi");
        Process p(disk);
        CHECK(p.get("a") == "1");
        p.set("b", "2");
        CHECK(p.kept.write());
    }

    TEST_CASE("two processes at once: the second waits, and then has what both have set") {
        Disk disk;
        auto old = std::make_unique<Process>(disk);
        old->set("both", "old");
        old->set("removed", "old");
        CHECK(old->kept.write());
        KvNamespace keys;
        KvLog next(keys, (disk.state / "kv").string(), "com.acme.x",
                   {[&] { return disk.steady; }, [&] { return disk.wall; }},
                   disk.log->domain("host/kv"), [] {});
        REQUIRE(next.open().has_value());
        keys.keep(next);
        CHECK_FALSE(next.write());
        CHECK(keys.set("both", "next", 0, disk.steady) == MH_OK);
        CHECK(keys.set("mine", "next", 0, disk.steady) == MH_OK);
        old->set("both", "older");
        old->set("his", "old");
        CHECK(old->keys.remove("removed", disk.steady) == MH_OK);
        CHECK(old->kept.write());
        CHECK_FALSE(next.write());
        old.reset();
        CHECK(next.write());
        const auto value = [&](const char* key) {
            const auto e = keys.get(key, disk.steady);
            return e ? e->value : "-";
        };
        CHECK(value("both") == "next");
        CHECK(value("mine") == "next");
        CHECK(value("his") == "old");
        CHECK(value("removed") == "-");
    }

    TEST_CASE("a durable namespace holds 64 MiB") {
        Disk disk;
        const std::string value(KvNamespace::kLongestValue, 'x');
        size_t n = 0;
        auto first = std::make_unique<Process>(disk);
        Process& p = *first;
        while (n < 2000 && p.keys.set("k" + std::to_string(n), value, 0, 0) == MH_OK) n++;
        CHECK(n == 1023);  // and what frames them
        CHECK(p.keys.set("k0", "less", 0, 0) == MH_OK);
        CHECK(p.keys.set("more", "y", 0, 0) == MH_OK);
        CHECK(p.kept.write());  // more than may wait: the whole is written
        first.reset();
        Process next(disk);
        CHECK(next.keys.size() == n + 1);
    }

    TEST_CASE("a folder that cannot be had is said, with what to do") {
        Disk disk;
        spill(disk.state / "kv", "a file");
        Process p(disk);
        REQUIRE_FALSE(p.opened.has_value());
    }

    TEST_CASE("a store writes by itself, and everything at its end") {
        Disk disk;
        {
            KvStore store((disk.state / "kv").string(), disk.log->domain("host/kv"));
            CHECK(store.open("a", true).set("k", "v", 0, 0) == MH_OK);
            CHECK(store.open("b").set("k", "v", 0, 0) == MH_OK);
        }
        KvStore store((disk.state / "kv").string(), disk.log->domain("host/kv"));
        CHECK(store.open("a", true).get("k", 0)->value == "v");
        CHECK_FALSE(store.open("b", false).get("k", 0).has_value());
        CHECK_FALSE(fs::exists(disk.state / "kv/b"));
    }
}
