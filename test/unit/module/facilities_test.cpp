// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <stdlib.h>

#include <unistd.h>
#include <ctime>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "loop/loop.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/file_watch.hpp"
#include "module/host_side.hpp"
#include "module/timers.hpp"
#include "module/work_pool.hpp"
#include "observe/metrics.hpp"
#include "observe/names.hpp"

using namespace microhost;
using namespace microhost::module;

namespace {

/// Timers and watches keep the address of a HostSide and reach into it only when a callback throws.
struct Bench {
    std::unique_ptr<log::Log> log = [] {
        log::Options options;
        options.path = "/dev/null";
        return log::Log::open(options).value();
    }();
    Loop loop{0};
    HostSide side{*reinterpret_cast<Environment*>(8), *reinterpret_cast<Generation*>(8),
                  log->domain("m"), "m"};
    Bench() { loop.adopt_thread(); }

    template <class F>
    bool until(F done) {
        const time_t end = time(nullptr) + 20;
        while (!done() && time(nullptr) < end) loop.turn(20);
        return done();
    }
};

struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / "mh-watch-XXXXXX").string();
    Folder() { REQUIRE(mkdtemp(path.data())); }
    ~Folder() { std::filesystem::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path + "/" + name) << text;
    }
};

struct Seen {
    std::vector<std::string> contents;
    static void changed(void* user, mh_status s, mh_seg content) {
        static_cast<Seen*>(user)->contents.push_back(s == MH_OK ? std::string(view(content))
                                                                : status_name(s));
    }
};

}  // namespace

TEST_SUITE("host/module") {
    TEST_CASE(
        "a timer fires on its loop, repeats when it has a period, and a stale token is found out") {
        Bench b;
        Timers timers(1);
        int once = 0, often = 0;
        auto count = [](void* p) { ++*static_cast<int*>(p); };
        const mh_token a = timers.start(b.side, 0, 0, count, &once),
                       c = timers.start(b.side, 0, 1, count, &often);
        REQUIRE(a != 0);
        REQUIRE(b.until([&] { return often >= 2; }));
        CHECK(once == 1);
        CHECK(Timers::cancel(a) == MH_E_GONE);
        CHECK(Timers::cancel(c) == MH_OK);
        CHECK(Timers::cancel(c) == MH_E_GONE);
        CHECK(Timers::cancel(0) == MH_E_INVALID);
        CHECK(Timers::cancel(~mh_token{0}) == MH_E_INVALID);
        const mh_token again = timers.start(b.side, 60'000, 0, count, &once);
        CHECK(again != a);
        timers.end(b.side, 0);
        CHECK(Timers::cancel(again) == MH_E_GONE);
    }

    TEST_CASE("calls of timers and blocking work are counted for their module, and timed") {
        Bench b;
        observe::Metrics metrics(1);
        b.side.costs.use(metrics, 1, "m");
        Timers timers(1);
        WorkPool pool(1, 2);
        int fired = 0, ended = 0;
        auto nap = [](void*) { usleep(2'000); };
        timers.start(
            b.side, 0, 0, [](void* p) { ++*static_cast<int*>(p); }, &fired);
        CHECK(pool.submit(
                  &b.side, b.loop, nap, [](void* p, mh_status) { ++*static_cast<int*>(p); },
                  &ended) == MH_OK);
        REQUIRE(b.until([&] { return fired == 1 && ended == 1; }));
        std::map<std::string, uint64_t> calls, nanoseconds;
        for (const observe::Family& f : metrics.collect())
            for (const observe::Sample& s : f.samples) {
                if (f.name == observe::names::kModuleCalls.name) calls[s.values[1]] = s.cells[0];
                if (f.name == observe::names::kModuleSeconds.name)
                    nanoseconds[s.values[1]] = s.cells[0];
            }
        CHECK(calls ==
              std::map<std::string, uint64_t>{{"timer", 1}, {"work.done", 1}, {"work.run", 1}});
        CHECK(nanoseconds["timer"] > 0);
        CHECK(nanoseconds["work.run"] >= 2'000'000);
    }

    TEST_CASE("a timer that throws is a line in the log and nothing more") {
        Bench b;
        Timers timers(1);
        timers.start(
            b.side, 0, 0, [](void*) { throw 1; }, nullptr);
        CHECK(b.until([&] { return b.side.panics == 1; }));
    }

    TEST_CASE("blocking work runs on a worker and ends on its loop; a full queue says so") {
        Bench b;
        WorkPool pool(1, 2);
        struct Gate {
            std::atomic<bool> open{false}, entered{false};
            int done = 0, cancelled = 0;
            bool worker = false;
        } gate;
        auto wait = [](void* p) {
            auto& g = *static_cast<Gate*>(p);
            g.worker = WorkPool::on_worker();
            g.entered = true;
            g.entered.notify_all();
            g.open.wait(false);
        };
        auto end = [](void* p, mh_status s) {
            ++(s == MH_OK ? static_cast<Gate*>(p)->done : static_cast<Gate*>(p)->cancelled);
        };
        CHECK(pool.submit(&b.side, b.loop, wait, end, &gate) == MH_OK);
        gate.entered.wait(false);
        CHECK(pool.submit(&b.side, b.loop, wait, end, &gate) == MH_OK);
        CHECK(pool.submit(&b.side, b.loop, wait, end, &gate) == MH_OK);
        CHECK(pool.submit(&b.side, b.loop, wait, end, &gate) == MH_E_BUSY);
        CHECK(b.side.outstanding == 3);
        gate.open = true;
        gate.open.notify_all();
        REQUIRE(b.until([&] { return gate.done == 3; }));
        CHECK(gate.worker);
        CHECK(b.side.outstanding == 0);
        pool.stop();
        CHECK(pool.submit(&b.side, b.loop, wait, end, &gate) == MH_E_UNAVAILABLE);
        CHECK(gate.cancelled == 0);
    }

    TEST_CASE("a module is told on which thread it runs") {
        std::unique_ptr<log::Log> log = Bench().log;
        observe::Metrics metrics{1};
        Loop loop{0}, control{1};
        Environment environment(*log, metrics, control, {&loop});
        HostSide side{environment, *reinterpret_cast<Generation*>(8), log->domain("m"), "m"};
        mh_host host{};
        host.impl = &side;
        struct Answer {
            int32_t thread = -1;
            uint32_t loop = 77;
        };
        auto ask = [&] {
            Answer a;
            a.thread = kThreadCheckTable.current(&host, &a.loop);
            CHECK(kThreadCheckTable.current(&host, nullptr) == a.thread);
            return a;
        };
        auto is = [](const Answer& a, int32_t thread, uint32_t on) {
            CHECK(a.thread == thread);
            CHECK(a.loop == on);
        };
        Answer there;
        std::thread([&] { there = ask(); }).join();
        is(there, MH_THREAD_FOREIGN, MH_LOOP_MAIN);
        std::thread([&] { loop.adopt_thread(), there = ask(); }).join();
        is(there, MH_THREAD_LOOP, 0);
        std::thread([&] { control.adopt_thread(), there = ask(); }).join();
        is(there, MH_THREAD_MAIN, MH_LOOP_MAIN);
    }

    TEST_CASE("a watched file is read at once, after each change, and its absence is told") {
        Bench b;
        Folder f;
        FileWatch watch(b.loop, b.log->domain("host/module"));
        Seen seen;
        mh_token t = 0;
        auto next = [&](size_t n) { return b.until([&] { return seen.contents.size() >= n; }); };
        f.write("a", "one");
        REQUIRE(watch.watch(nullptr, f.path + "/a", Seen::changed, &seen, t) == MH_OK);
        CHECK(seen.contents == std::vector<std::string>{"one"});
        f.write("b", "three!");
        std::filesystem::rename(f.path + "/b", f.path + "/a");
        REQUIRE(next(2));
        CHECK(seen.contents.back() == "three!");
        std::filesystem::remove(f.path + "/a");
        REQUIRE(next(3));
        CHECK(seen.contents.back() == "MH_E_NOT_FOUND");
        f.write("real", "linked");
        std::filesystem::create_symlink("real", f.path + "/a");
        REQUIRE(next(4));
        CHECK(seen.contents.back() == "linked");
        CHECK(FileWatch::unwatch(t) == MH_OK);
        CHECK(FileWatch::unwatch(t) == MH_E_GONE);
    }

    TEST_CASE("a file in a folder that does not exist yet is found later") {
        Bench b;
        Folder f;
        FileWatch watch(b.loop, b.log->domain("host/module"));
        Seen seen;
        mh_token t = 0;
        REQUIRE(watch.watch(nullptr, f.path + "/deep/a", Seen::changed, &seen, t) == MH_OK);
        CHECK(seen.contents == std::vector<std::string>{"MH_E_NOT_FOUND"});
        std::filesystem::create_directory(f.path + "/deep");
        f.write("deep/a", "here");
        REQUIRE(b.until([&] { return seen.contents.size() == 2; }));
        CHECK(seen.contents.back() == "here");
    }
}
