// SPDX-License-Identifier: Apache-2.0
#include "registry/health.hpp"

#include "fixtures.hpp"

using namespace microhost::registry;
using namespace microhost::registry::test;
using namespace std::chrono_literals;

namespace {

/// Checks whose probes are answered by hand.
struct Clinic {
    struct Started {
        std::string id;
        HealthChecks::Done done;
    };
    Turns turns;
    Feed feed = turns.table.open("test", 0);
    std::vector<Started> probes;
    std::vector<std::string> warnings;
    HealthChecks checks{turns.table,
                        [this](const HealthChecks::Target& t, HealthChecks::Done done) {
                            probes.push_back({t.node_id, std::move(done)});
                        },
                        [this](std::string_view text) { warnings.emplace_back(text); }};

    TimePoint tick() {
        turns.run();
        const TimePoint next = checks.tick(turns.now);
        turns.run();
        return next;
    }
    void answer(bool success) {
        for (auto& p : std::exchange(probes, {})) p.done(success);
        turns.run();
    }
    /// Goes on to the next probe and answers it.
    void round(bool success) {
        turns.now += 10s;
        tick();
        answer(success);
    }
    bool healthy(std::string_view service) {
        return turns.table.snapshot()->find(service)->all_healthy;
    }
};

const Metadata kTcp = {{"health_check", "tcp"}};

}  // namespace

TEST_SUITE("host/registry/health") {
    TEST_CASE("a node says in its metadata how it wants to be checked") {
        CHECK_FALSE(health_spec({})->has_value());
        auto tcp = health_spec(kTcp);
        REQUIRE(tcp.has_value());
        CHECK(**tcp == HealthSpec{});
        struct Row {
            const char* text;
            std::chrono::milliseconds interval;
        };
        for (const Row& row : {Row{"1s", 1000ms},
                               {"5", 5000ms},
                               {"1500ms", 1500ms},
                               {"2m", 120'000ms},
                               {"60m", 1h}}) {
            auto spec =
                health_spec({{"health_check", "http:/healthz?x=1"}, {"health_interval", row.text}});
            REQUIRE(spec.has_value());
            CHECK((*spec)->kind == HealthSpec::Kind::http);
            CHECK((*spec)->path == "/healthz?x=1");
            CHECK((*spec)->interval == row.interval);
        }
    }

    TEST_CASE("what cannot be meant is an error") {
        for (const char* check :
             {"udp", "TCP", "http", "http:", "http:healthz", "http:/a b", "http:/a\r\nHost: x"}) {
            CAPTURE(check);
            CHECK_FALSE(health_spec({{"health_check", check}}).has_value());
        }
        for (const char* interval :
             {"0", "999ms", "-5s", "61m", "s", "5h", "5 s", "99999999999999999999", "4000000m"}) {
            CAPTURE(interval);
            CHECK_FALSE(
                health_spec({{"health_check", "tcp"}, {"health_interval", interval}}).has_value());
        }
    }

    TEST_CASE("three failures in a row bring down, two successes in a row bring up") {
        struct Row {
            const char* results;
            const char* up;
        };
        for (const Row& row : {Row{"---", "110"},
                               {"--+---", "111110"},
                               {"---++", "11001"},
                               {"---+-++", "1100001"}}) {
            HealthState state;
            std::string up;
            for (const char* r = row.results; *r != 0; ++r) {
                const bool before = state.up();
                const bool changed = state.result(*r == '+');
                CHECK(changed == (before != state.up()));
                up += state.up() ? '1' : '0';
            }
            CHECK(up == row.up);
        }
    }

    TEST_CASE("a node that fails its check leaves the choice and comes back") {
        Clinic c;
        c.feed.upsert(service("a", "1", {node("n", "h:1", kTcp), node("unchecked")}));
        c.tick();
        CHECK(c.checks.size() == 1);
        REQUIRE(c.probes.size() == 1);
        c.answer(false);
        c.round(false);
        CHECK(c.healthy("a"));
        c.round(false);
        CHECK_FALSE(c.healthy("a"));
        c.round(true);
        CHECK_FALSE(c.healthy("a"));
        c.round(true);
        CHECK(c.healthy("a"));
        CHECK(c.warnings.size() == 2);
    }

    TEST_CASE("a probe that never answers has failed, and its late answer is ignored") {
        Clinic c;
        c.feed.upsert(service("a", "1", {node("n", "h:1", kTcp)}));
        c.tick();
        auto late = std::move(c.probes.front().done);
        for (int i = 0; i < 3; ++i) {
            c.turns.now += 10s;
            c.tick();
        }
        c.turns.run();
        CHECK_FALSE(c.healthy("a"));
        late(true);
        late(true);
        c.turns.run();
        CHECK_FALSE(c.healthy("a"));
    }

    TEST_CASE("tick says when it wants to be called again") {
        Clinic c;
        CHECK(c.tick() == TimePoint::max());
        c.feed.upsert(service("a", "1", {node("n", "h:1", kTcp)}));
        const TimePoint next = c.tick();
        CHECK(next > c.turns.now + 4s);
        CHECK(next <= c.turns.now + 10s);
        CHECK(c.probes.size() == 1);
        c.tick();
        CHECK(c.probes.size() == 1);
    }

    TEST_CASE("at most 64 probes start at once") {
        Clinic c;
        std::vector<Node> nodes;
        for (int i = 0; i < 100; ++i) nodes.push_back(node("n" + std::to_string(i), "h:1", kTcp));
        c.feed.upsert(service("a", "1", nodes));
        CHECK(c.tick() <= c.turns.now + 50ms);
        CHECK(c.probes.size() == 64);
        c.tick();
        CHECK(c.probes.size() == 100);
    }

    TEST_CASE("a node that went, or asks no more, is checked no more and counts as healthy") {
        Clinic c;
        c.feed.upsert(service("a", "1", {node("n", "h:1", kTcp)}));
        c.tick();
        c.answer(false);
        c.round(false);
        c.round(false);
        REQUIRE_FALSE(c.healthy("a"));
        SUBCASE("asks no more") {
            c.feed.upsert(service("a", "1", {node("n", "h:1")}));
            c.tick();
            CHECK(c.healthy("a"));
        }
        SUBCASE("moved to another address") {
            c.feed.upsert(service("a", "1", {node("n", "h:2", kTcp)}));
            c.tick();
            CHECK(c.healthy("a"));
        }
        SUBCASE("went") {
            c.feed.withdraw("a", "n");
            CHECK(c.tick() == TimePoint::max());
            CHECK(c.checks.size() == 0);
        }
    }

    TEST_CASE("metadata that cannot be meant is one warning") {
        Clinic c;
        c.feed.upsert(service("a", "1", {node("n", "h:1", {{"health_check", "ping"}})}));
        c.tick();
        c.feed.upsert(service("b", "1", {node("n")}));
        c.tick();
        REQUIRE(c.warnings.size() == 1);
        CHECK(c.warnings[0].find("\"ping\"") != std::string::npos);
        CHECK(c.checks.size() == 0);
    }

    TEST_CASE("an answer after the end of the checks is ignored") {
        HealthChecks::Done late;
        Turns t;
        Feed feed = t.table.open("test", 0);
        feed.upsert(service("a", "1", {node("n", "h:1", kTcp)}));
        t.run();
        {
            HealthChecks checks(
                t.table, [&](auto&, auto done) { late = done; }, [](auto) {});
            checks.tick(t.now);
        }
        late(false);
    }
}
