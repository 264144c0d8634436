// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "modules/bot/running.hpp"

using namespace microhost::bot;

namespace {

/// A command that ends when the test says so.
struct Pending : Work {
    explicit Pending(std::vector<std::string>& said, std::string name)
        : said_(said), name_(std::move(name)) {}
    ~Pending() override { said_.push_back("-" + name_); }
    void begin(Done done) override {
        said_.push_back("+" + name_);
        done_ = std::move(done);
    }
    void end() { std::exchange(done_, nullptr)({}); }
    std::vector<std::string>& said_;
    std::string name_;
    Done done_;
};

struct Instant : Work {
    void begin(Done done) override { done({}); }
};

struct Rig {
    explicit Rig(Running::Limits limits = {}) : running(limits, [this] { return now; }) {}
    uint64_t now = 1000;
    std::vector<std::string> said;
    Running running;

    Task task(const std::string& owner, const std::string& name, std::unique_ptr<Work> work) {
        Task t;
        t.owner = owner;
        t.work = std::move(work);
        t.text = name;
        t.on_slow = [this, name](uint64_t id) {
            said.push_back(name + " slow " + std::to_string(id));
        };
        t.on_done = [this, name](const Result& r, const Output&, uint64_t) {
            said.push_back(name + " " + name_of(r.verdict));
        };
        t.on_drop = [this, name] { said.push_back(name + " dropped"); };
        return t;
    }
    Pending* pending(const std::string& owner, const std::string& name) {
        auto work = std::make_unique<Pending>(said, name);
        Pending* out = work.get();
        return running.submit(task(owner, name, std::move(work))) ? out : nullptr;
    }
    bool instant(const std::string& owner, const std::string& name) {
        return running.submit(task(owner, name, std::make_unique<Instant>()));
    }
    void pass(uint64_t ms) {
        now += ms;
        running.tick();
    }
    std::string take() {
        std::string out;
        for (const std::string& s : std::exchange(said, {})) out += (out.empty() ? "" : ", ") + s;
        return out;
    }
};

}  // namespace

TEST_SUITE("modules/bot") {
    TEST_CASE("one person is answered in order, and holds up nobody else") {
        Rig rig;
        Pending* slow = rig.pending("ada", "a");
        rig.instant("ada", "b");
        rig.instant("bob", "c");
        CHECK(rig.take() == "+a, c ok");
        CHECK(rig.running.waiting() == 1);
        slow->end();
        CHECK(rig.take() == "a ok, b ok, -a");
        CHECK_FALSE(rig.running.busy());
    }

    TEST_CASE("who is slow says so, and then holds up not even the same person") {
        Rig rig;
        Pending* slow = rig.pending("ada", "a");
        rig.instant("ada", "b");
        rig.pass(2900);
        CHECK(rig.take() == "+a");
        rig.pass(100);
        CHECK(rig.take() == "a slow 1, b ok");
        rig.pass(1000);
        CHECK(rig.take() == "");
        slow->end();
        CHECK(rig.take() == "a ok, -a");
    }

    TEST_CASE("a command that does not end is ended") {
        Rig rig;
        rig.pending("ada", "a");
        rig.pass(3000);
        rig.pass(27'000);
        CHECK(rig.take() == "+a, a slow 1, a timeout, -a");
        CHECK_FALSE(rig.running.busy());
    }

    TEST_CASE("its owner may cancel it, or an operator") {
        Rig rig;
        rig.pending("ada", "a");
        CHECK(rig.running.cancel(7, "ada", false) == Running::Cancelled::unknown);
        CHECK(rig.running.cancel(1, "bob", false) == Running::Cancelled::not_yours);
        CHECK(rig.running.cancel(1, "ada", false) == Running::Cancelled::yes);
        CHECK(rig.running.cancel(1, "ada", false) == Running::Cancelled::unknown);
        rig.pending("ada", "b");
        CHECK(rig.running.cancel(2, "bob", true) == Running::Cancelled::yes);
        CHECK(rig.take() == "+a, a cancelled, -a, +b, b cancelled, -b");
    }

    TEST_CASE("there are so many at once and so many that wait") {
        Running::Limits limits;
        limits.per_user = 2, limits.at_once = 3, limits.waiting = 2;
        Rig rig(limits);
        rig.pending("ada", "a");
        rig.pass(3000);
        Pending* second = rig.pending("ada", "b");
        rig.pass(3000);
        rig.pending("ada", "c");
        rig.pending("ada", "d");
        CHECK(rig.pending("ada", "e") == nullptr);
        rig.pending("bob", "f");
        Pending* waits = rig.pending("eve", "g");
        CHECK(rig.running.running() == 3);
        CHECK(rig.take() == "+a, a slow 1, +b, b slow 2, -e, +f");
        second->end();
        CHECK(rig.take() == "b ok, +g, -b");
        waits->end();
        CHECK(rig.take() == "g ok, +c, -g");
    }

    TEST_CASE("what runs is told that it was interrupted, what waits is handed on") {
        Rig rig;
        rig.pending("ada", "a");
        rig.pending("ada", "b");
        rig.pending("bob", "c");
        rig.running.stop(Verdict::interrupted, "reload");
        CHECK(rig.take() == "+a, +c, a interrupted, -a, c interrupted, -c, b dropped, -b");
        CHECK_FALSE(rig.instant("ada", "d"));
    }

    TEST_CASE("an answer may ask for more") {
        Rig rig;
        Task t = rig.task("ada", "a", std::make_unique<Instant>());
        t.on_done = [&](const Result&, const Output&, uint64_t) { rig.instant("ada", "b"); };
        rig.running.submit(std::move(t));
        CHECK(rig.take() == "b ok");
        for (int i = 0; i < 30; ++i) CHECK(rig.instant("ada", "x"));
    }

    TEST_CASE("a list shows what runs") {
        Rig rig;
        rig.pending("ada", "a");
        rig.pending("bob", "b");
        rig.pass(1500);
        REQUIRE(rig.running.list("").size() == 2);
        REQUIRE(rig.running.list("bob").size() == 1);
        CHECK(rig.running.list("bob")[0].age_ms == 1500);
    }
}
