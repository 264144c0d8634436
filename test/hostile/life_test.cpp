// SPDX-License-Identifier: Apache-2.0
// Modules that look right and go wrong once their code runs; and the whole life of one that goes right.
#include <doctest/doctest.h>

#include <ctime>
#include <fstream>
#include <thread>

#include "loop/loop.hpp"
#include "module/environment.hpp"
#include "module/health.hpp"
#include "module/module_set.hpp"
#include "observe/metrics.hpp"
#include "workshop.hpp"

using namespace microhost;
using module::Generation;

namespace {

uint64_t in_seconds(uint64_t s) {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (static_cast<uint64_t>(t.tv_sec) + s) * 1'000'000'000;
}

/// A process without listeners: a control loop on this thread, and two request loops.
struct Process {
    std::unique_ptr<log::Log> log;
    observe::Metrics metrics{2};
    Loop control{2}, first{0}, second{1};
    std::unique_ptr<module::Environment> environment;
    std::unique_ptr<module::ModuleSet> modules;
    std::thread a, b;

    explicit Process(const std::string& log_path) {
        log::Options options;
        options.path = log_path;
        log = log::Log::open(options).value();
        control.adopt_thread();
        environment = std::make_unique<module::Environment>(*log, metrics, control,
                                                            std::vector<Loop*>{&first, &second});
        modules = std::make_unique<module::ModuleSet>(*environment);
        a = std::thread([this] { first.run(); });
        b = std::thread([this] { second.run(); });
    }
    ~Process() {
        first.stop();
        second.stop();
        a.join();
        b.join();
        modules.reset();
        environment.reset();
    }
    /// Turns the control loop until `done`; 20 s at most.
    bool until(const bool& done) {
        for (const uint64_t end = in_seconds(20); !done && in_seconds(0) < end;) control.turn(20);
        return done;
    }
    std::string load(const std::string& path, const char* config = "{}") {
        auto c = module::check_file(path);
        if (!c) return c.error().what;
        auto g = Generation::create(*environment, *c, *json::Document::parse(config));
        if (!g) return g.error().what;
        modules->add(std::move(*g));
        return "created";
    }
    std::string start() {
        bool done = false;
        std::string text = "started";
        modules->start_all([&](Result<> r) {
            done = true;
            if (!r) text = r.error().what;
        });
        if (!until(done)) return "hangs";
        if (text == "started")
            if (Result<> r = modules->publish(); !r) text = r.error().what;
        return text;
    }
    bool stop() {
        bool done = false;
        modules->stop_all(in_seconds(10), [&] { done = true; });
        return until(done);
    }
};

std::string creating(const std::string& body, const char* id = "bad") {
    return "static mh_status make(const mh_host *h, const mh_module **out) { " + body +
           " }\nMH_MODULE(" + Workshop::manifest(id) + ", make)";
}

}  // namespace

TEST_SUITE("hostile") {
    TEST_CASE("a create() that goes wrong is one line with the reason") {
        Workshop w;
        Process p(w.path("log"));
        auto with = [&](const std::string& name, const std::string& body,
                        const char* language = "c") {
            const std::string path = w.build(name, creating(body), language);
            std::string why = p.load(path);
            CHECK_MESSAGE(why.starts_with(path + ": "), why);
            return why.substr(std::min(why.size(), path.size() + 2));
        };
        CHECK(with("null.so", "*out = 0; return MH_OK;") ==
              "create() succeeded but handed out no module (NULL)");
        CHECK(with("wild.so", "*out = (const mh_module *)0x4141414141414140; return MH_OK;") ==
              "create() handed out a pointer that leads nowhere");
        CHECK(with("short.so", "static mh_module m = {4}; *out = &m; return MH_OK;") ==
              "create() handed out a module whose size is 4; set it to sizeof(mh_module)");
        CHECK(with("fails.so", "return MH_E_NOMEM;") == "create() failed: MH_E_NOMEM");
        CHECK(with("says.so",
                   "h->error(h, MH_E_INVALID, (mh_str){\"/key\", 4}, (mh_str){\"key is empty; set "
                   "it\", 20}); "
                   "return MH_E_INVALID;") == "key is empty; set it (at /key)");
        CHECK(with("throws.so", "throw 1;", "cpp") ==
              "create() failed: an exception came out of it (see the log)");
    }

    TEST_CASE("an entry that points nowhere is refused after loading, before it is called") {
        Workshop w;
        Process p(w.path("log"));
        const std::string m = Workshop::manifest("bad");
        const std::string text =
            "static const char text[] __attribute__((section(\".mh_manifest\"), used)) = " + m +
            ";\nMH_EXPORT const mh_module_entry_t mh_module_entry = {MH_MAGIC, 1, "
            "sizeof(mh_module_entry_t), 1, ";
        auto with = [&](const std::string& name, const std::string& rest) {
            const std::string path = w.build(name, text + rest + "};");
            return p.load(path).substr(path.size() + 2);
        };
        CHECK(with("a.so", "text, 0") ==
              "mh_module_entry.create is NULL; give MH_MODULE a function");
        CHECK(with("b.so", "text, (void *)0x4141414141414141") ==
              "mh_module_entry.create points outside the module's code");
        CHECK(with("c.so", "(const char *)0x41, create") ==
              "mh_module_entry.manifest_json points outside the module; define it with MH_MODULE");
        CHECK(
            with("d.so",
                 "\"{}                                                          \", create") ==
            "its manifest_json differs from its section .mh_manifest; define both with MH_MODULE");
    }

    TEST_CASE("a constructor's missing library is told in the system's words") {
        Workshop w;
        Process p(w.path("log"));
        w.build("libgone.so", "int gone(void) { return 1; }");
        const std::string path = w.build(
            "needs.so", "extern int gone(void);\n" + creating("*out = &idle; return gone();"), "c",
            "-L" + w.folder() + " -l:libgone.so");
        std::filesystem::remove(w.path("libgone.so"));
        const std::string why = p.load(path);
        CHECK_MESSAGE(why.find("libgone.so: cannot open shared object file") != std::string::npos,
                      why);
    }

    TEST_CASE(
        "a module lives through all stages on all loops, and its contributions come and go as "
        "one") {
        Workshop w;
        const std::string source = R"(
#include <microhost/draft/http_handler.h>
#include <microhost/draft/health.h>
#include <microhost/draft/loop.h>
#include <microhost/draft/timer.h>
#include <microhost/draft/work.h>
#include <stdio.h>
static FILE *trace;
static const mh_host *host;
static const mh_loop *loops; static const mh_timer *timers; static const mh_work *work;
static mh_status on_request(void *s, void *u, mh_req *r, const mh_header *h, uint32_t n) { return MH_OK; }
static const mh_http_handler one = {sizeof one, 0, NULL, NULL, on_request}, two = {sizeof two, 0, "two", NULL, on_request};
static void say(const char *what) { fprintf(trace, "%s\n", what); fflush(trace); }
static int seen; static void on_shard(void *shard, void *arg) { __atomic_add_fetch(&seen, *(int *)shard, __ATOMIC_SEQ_CST); }
static void all_done(void *arg) { fprintf(trace, "broadcast %d\n", seen); fflush(trace); }
static void slow(void *arg) { *(int *)arg = 7; }
static int result; static void worked(void *arg, mh_status s) { fprintf(trace, "work %d %d\n", *(int *)arg, s); fflush(trace); }
static void never(void *arg) { say("timer fired after the end"); }
static mh_status start(const mh_module *m) {
    say("start");
    mh_status first = host->contribute(host, MH_HTTP_HANDLER, &one), again = host->contribute(host, MH_HTTP_HANDLER, &one);
    mh_status other = host->contribute(host, MH_HTTP_HANDLER, &two), unknown = host->contribute(host, "mh.nothing/9", &one);
    fprintf(trace, "contribute %d %d %d %d\n", first, again, other, unknown);
    timers->start(host, 600000, 0, never, 0);
    work->run(host, slow, worked, &result);
    return MH_OK;
}
static int shards[2] = {1, 2};
static void *shard_create(const mh_module *m, uint32_t loop) { timers->start(host, 600000, 1, never, 0); return &shards[loop]; }
static void shard_destroy(const mh_module *m, void *shard) { *(int *)shard = 0; }
static void drain(const mh_module *m, uint64_t d) { say("drain"); loops->broadcast(host, on_shard, 0, all_done); }
static void end(const mh_module *m) { fprintf(trace, "destroy %d\n", shards[0] + shards[1]); fclose(trace); }
static const mh_module life = {sizeof life, 0, NULL, start, shard_create, shard_destroy, drain, end, NULL};
static mh_status make(const mh_host *h, const mh_module **out) {
    host = h; *out = &life; trace = fopen(TRACE, "w");
    loops = h->get(h, MH_LOOP); timers = h->get(h, MH_TIMER); work = h->get(h, MH_WORK);
    const mh_health *health = h->get(h, MH_HEALTH);
    health->set(h, "self", MH_HEALTH_FAILING, (mh_str){"not yet", 7});
    return h->get(h, "mh.nothing/9") ? MH_E_INVALID : MH_OK;
}
)";
        const std::string trace = w.path("trace");
        const std::string path =
            w.build("life.so", source + "MH_MODULE(" + Workshop::manifest("life") + ", make)", "c",
                    "-DTRACE='\"" + trace + "\"'");
        Process p(w.path("log"));
        REQUIRE(p.load(path) == "created");
        CHECK(p.modules->published("mh.http.handler/1").empty());
        CHECK_FALSE(p.environment->health->ready());
        int changes = 0;
        p.modules->on_publish([&] { changes++; });
        REQUIRE(p.start() == "started");
        const auto handlers = p.modules->published("mh.http.handler/1");
        REQUIRE(handlers.size() == 2);
        CHECK(handlers[0].name == "life");
        CHECK(handlers[1].name == "two");
        CHECK(changes == 1);
        REQUIRE(p.stop());
        CHECK(p.modules->published().empty());
        CHECK(p.environment->health->ready());
        CHECK(p.modules->generations().at(0)->stage() == module::Stage::stopped);
        const std::string told = w.read("trace");
        CHECK_MESSAGE(told.starts_with("start\ncontribute 0 -13 0 -1\n"), told);
        CHECK_MESSAGE(told.find("work 7 0\n") != std::string::npos, told);
        CHECK_MESSAGE(told.find("drain\n") < told.find("broadcast 3\n"), told);
        CHECK_MESSAGE(told.ends_with("destroy 0\n"), told);
    }

    TEST_CASE("a shard that cannot be made fails the start with the module's own words") {
        Workshop w;
        Process p(w.path("log"));
        const std::string source = R"(
static const mh_host *host;
static void *shard_create(const mh_module *m, uint32_t loop) {
    if (loop == 0) return &host;
    host->error(host, MH_E_NOMEM, (mh_str){"", 0}, (mh_str){"no room", 7});
    return 0;
}
static const mh_module poor = {sizeof poor, 0, NULL, NULL, shard_create, NULL, NULL, destroy, NULL};
static mh_status make(const mh_host *h, const mh_module **out) { host = h; *out = &poor; return MH_OK; }
)";
        const std::string path =
            w.build("poor.so", source + "MH_MODULE(" + Workshop::manifest("poor") + ", make)");
        REQUIRE(p.load(path) == "created");
        CHECK(p.start() == path + ": no room");
        CHECK(p.stop());
    }

    TEST_CASE("what is pinned at the deadline is not pulled away") {
        Workshop w;
        Process p(w.path("log"));
        REQUIRE(p.load(w.module("idle.so", "idle")) == "created");
        REQUIRE(p.start() == "started");
        Generation& g = *p.modules->find("idle");
        bool pinned = false;
        p.first.post([&] {
            g.pin(0);
            p.control.post([&] { pinned = true; });
        });
        REQUIRE(p.until(pinned));
        bool done = false;
        p.modules->stop_all(in_seconds(0), [&] { done = true; });
        REQUIRE(p.until(done));
        CHECK(g.stage() == module::Stage::draining);
        p.first.post([&] { g.unpin(0); });
        CHECK(p.stop());
        CHECK(g.stage() == module::Stage::stopped);
    }
}
