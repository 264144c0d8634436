// SPDX-License-Identifier: Apache-2.0
#include "command/table.hpp"

#include <doctest/doctest.h>

#include "module/environment.hpp"
#include "module/work_pool.hpp"
#include "observe/metrics.hpp"

using namespace microhost;
using namespace microhost::command;

namespace {

/// The control loop and one of requests, turned by hand on this thread.
struct Bench {
    std::unique_ptr<log::Log> log = [] {
        log::Options options;
        options.path = "/dev/null";
        return log::Log::open(options).value();
    }();
    observe::Metrics metrics{1};
    Loop home{0}, control{1};
    module::Environment environment{*log, metrics, control, {&home}};
    Table table{environment};
    std::vector<std::string> heard;
    RunningPtr inside;  // what the command keeps

    static void note(void* user, std::string text) {
        static_cast<Bench*>(user)->heard.push_back(std::move(text));
    }
    static std::string cells(const mh_cell* c, uint32_t n) {
        std::string out;
        for (uint32_t i = 0; i < n; i++) out += std::string(module_view(c[i].text)) + ";";
        return out;
    }
    static std::string_view module_view(mh_str s) { return {s.ptr, s.len}; }
    mh_command_sink sink() const {
        mh_command_sink s{};
        s.size = sizeof s;
        s.on_columns = [](void* u, const mh_str*, uint32_t n) {
            note(u, "columns " + std::to_string(n));
        };
        s.on_row = [](void* u, const mh_cell* c, uint32_t n) { note(u, "row " + cells(c, n)); };
        s.on_text = [](void* u, mh_str t) { note(u, "text " + std::string(module_view(t))); };
        s.on_json = [](void* u, mh_str t) { note(u, "json " + std::string(module_view(t))); };
        s.on_end = [](void* u, mh_status st, int32_t code, mh_str e) {
            note(u, fmt::format("end {} {} {}", st, code, module_view(e)));
        };
        return s;
    }
    void add(const char* name, Action action, const char* role = "") {
        Definition d;
        d.name = name;
        d.role = role;
        table.add(std::move(d), std::move(action));
    }
    RunningPtr start(const char* name, Refusal& refusal, uint32_t timeout_ms = 0) {
        home.adopt_thread();
        mh_command_run asked{};
        asked.size = sizeof asked;
        asked.surface = MH_SURFACE_CHAT;
        asked.timeout_ms = timeout_ms;
        return table.start(table.find(name), {}, asked, {home, sink(), this, nullptr}, refusal);
    }
    RunningPtr start(const char* name) {
        Refusal refusal;
        RunningPtr r = start(name, refusal);
        REQUIRE(r);
        return r;
    }
    void turn_control() {
        control.adopt_thread();
        control.turn(0);
    }
    void turn_home() {
        home.adopt_thread();
        home.turn(0);
    }
};

using Heard = std::vector<std::string>;

}  // namespace

TEST_SUITE("host/command") {
    TEST_CASE("output crosses from main to the loop that asked, in order, and ends once") {
        Bench b;
        b.add("list", [](const RunningPtr& r) {
            CHECK(r->row({Cell::of("early")}) == MH_E_INVALID);
            CHECK(r->columns({"a", "b"}) == MH_OK);
            CHECK(r->columns({"a"}) == MH_E_INVALID);
            CHECK(r->row({Cell::of("short")}) == MH_E_INVALID);
            CHECK(r->row({Cell::of("x"), Cell::of(uint64_t{1})}) == MH_OK);
            CHECK(r->json("{ \"a\" : 1 }") == MH_OK);
            CHECK(r->json("{") == MH_E_INVALID);
            CHECK(r->text("t") == MH_OK);
            CHECK(r->end(MH_OK, 0, {}) == MH_OK);
            CHECK(r->end(MH_OK, 0, {}) == MH_E_GONE);
            CHECK(r->text("late") == MH_E_GONE);
        });
        const uint64_t id = b.start("list")->id();
        CHECK(b.heard.empty());
        b.turn_control();
        CHECK(b.heard.empty());
        b.turn_home();
        CHECK(b.heard == Heard{"columns 2", "row x;1;", "json {\"a\":1}", "text t", "end 0 0 "});
        CHECK(Running::find(id) == nullptr);
    }

    TEST_CASE("output from another thread than the command's is refused") {
        Bench b;
        b.add("wait", [&](const RunningPtr& r) { b.inside = r; });
        b.start("wait");
        b.turn_control();
        b.home.adopt_thread();
        CHECK(b.inside->text("x") == MH_E_WRONG_THREAD);
        CHECK(b.inside->end(MH_OK, 0, {}) == MH_E_WRONG_THREAD);
        b.turn_control();
        CHECK(b.inside->cancel() == MH_E_WRONG_THREAD);
        CHECK(b.inside->end(MH_OK, 0, {}) == MH_OK);
        b.turn_home();
    }

    TEST_CASE("a failure without an exit code exits with 1") {
        Bench b;
        b.add("fail", [](const RunningPtr& r) { r->end(MH_E_IO, 0, "why"); });
        b.start("fail");
        b.turn_control();
        b.turn_home();
        CHECK(b.heard == Heard{"end -12 1 why"});
    }

    TEST_CASE("while the receiver is slow nothing is delivered") {
        Bench b;
        b.add("wait", [&](const RunningPtr& r) {
            b.inside = r;
            r->text("one");
        });
        const RunningPtr r = b.start("wait");
        b.turn_control();
        b.home.adopt_thread();
        CHECK(r->flow(false) == MH_OK);
        b.turn_home();
        CHECK(b.heard.empty());
        b.turn_control();
        b.inside->end(MH_OK, 0, {});
        b.turn_home();
        CHECK(b.heard.empty());
        CHECK(r->flow(true) == MH_OK);
        b.turn_home();
        CHECK(b.heard == Heard{"text one", "end 0 0 "});
        CHECK(r->flow(true) == MH_E_GONE);
    }

    TEST_CASE("after cancel nothing is heard, and the command finds out") {
        Bench b;
        b.add("wait", [&](const RunningPtr& r) {
            b.inside = r;
            r->text("one");
        });
        const RunningPtr r = b.start("wait");
        b.turn_control();
        b.home.adopt_thread();
        CHECK(r->cancel() == MH_OK);
        CHECK(r->cancel() == MH_E_GONE);
        b.turn_home();
        CHECK(b.heard.empty());
        b.turn_control();
        CHECK(b.inside->text("two") == MH_E_GONE);
        CHECK(b.inside->end(MH_OK, 0, {}) == MH_E_GONE);
        CHECK(Running::find(r->id()) == nullptr);
    }

    TEST_CASE("what is cancelled before it began does not begin") {
        Bench b;
        bool ran = false;
        b.add("wait", [&](const RunningPtr&) { ran = true; });
        const RunningPtr r = b.start("wait");
        r->cancel();
        b.turn_control();
        CHECK_FALSE(ran);
        CHECK(Running::find(r->id()) == nullptr);
    }

    TEST_CASE("the deadline and the end of the process are heard as an end") {
        Bench b;
        b.add("wait", [&](const RunningPtr& r) { b.inside = r; });
        Refusal none;
        b.start("wait", none, 1);
        b.turn_control();
        const time_t end = time(nullptr) + 20;
        while (b.heard.empty() && time(nullptr) < end) {
            b.control.adopt_thread();
            b.control.turn(20);
            b.turn_home();
        }
        CHECK(b.heard == Heard{"end -5 124 \"wait\" did not end within 1 ms"});
        b.turn_control();
        CHECK(b.inside->end(MH_OK, 0, {}) == MH_E_GONE);
        b.heard.clear();
        b.start("wait");
        b.turn_control();
        b.table.stop_all("the process stops");
        b.turn_home();
        CHECK(b.heard == Heard{"end -6 1 the process stops"});
        b.turn_control();
        b.inside->end(MH_OK, 0, {});
        b.inside.reset();
    }

    TEST_CASE("who lacks the role is told which, and nothing runs") {
        Bench b;
        b.add(
            "stop", [](const RunningPtr&) { FAIL("it ran"); }, "operator");
        Refusal refusal;
        CHECK(b.start("stop", refusal) == nullptr);
        CHECK(refusal.status == MH_E_DENIED);
        CHECK(refusal.text == "\"stop\" needs the role operator; nobody is authenticated");
        b.turn_control();
    }

    TEST_CASE("the longest name wins, and the surface counts") {
        Bench b;
        b.add("get", {});
        b.add("get service", {});
        size_t used = 0;
        Refusal refusal;
        const std::vector<std::string> words{"get", "service", "x"};
        CHECK(b.table.match(words, MH_SURFACE_CHAT, used, refusal)->definition.name ==
              "get service");
        CHECK(used == 2);
        Definition d;
        d.name = "secret";
        d.surfaces = MH_SURFACE_TERMINAL;
        b.table.add(d, {});
        const std::vector<std::string> secret{"secret"};
        CHECK_FALSE(b.table.match(secret, MH_SURFACE_CHAT, used, refusal));
        CHECK(refusal.text == "there is no command \"secret\"");
        CHECK(b.table.match(secret, MH_SURFACE_TERMINAL, used, refusal));
    }
}
