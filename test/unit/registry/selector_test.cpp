// SPDX-License-Identifier: Apache-2.0
#include "registry/selector.hpp"

#include "fixtures.hpp"

#include <chrono>
#include <ctime>
#include <map>

using namespace microhost::registry;
using namespace microhost::registry::test;
using namespace std::chrono_literals;

namespace {

/// A service with `n` nodes n0, n1, ... and a selector for it.
struct Bench {
    explicit Bench(int n, SelectorLimits limits = {})
        : selector(42, limits), feed(turns.table.open("test", 0)) {
        for (int i = 0; i < n; ++i)
            nodes.push_back(node("n" + std::to_string(i), "10.0.0.1:" + std::to_string(i + 1)));
        tell();
    }
    void tell() {
        feed.resync();
        feed.upsert(service("a", "1", nodes));
        feed.synced();
        refresh();
    }
    void refresh() {
        snapshot = turns.snapshot();
        selector.adopt(*snapshot);
    }
    const ServiceNodes& a() { return *snapshot->find("a"); }
    Pick pick(const Filters& filters = {}, Strategy strategy = Strategy::least_loaded) {
        return selector.pick(a(), turns.now, filters, strategy);
    }
    void report(const Pick& p, Outcome outcome) {
        selector.report(p, &a(), outcome, 1ms, turns.now);
    }
    /// Fails the node with this id `times` times in a row.
    void fail(const std::string& id, int times) {
        for (int i = 0; i < times; ++i) {
            Pick p = pick();
            while (p.node->node.id != id) {
                selector.report(p, &a(), Outcome::cancelled, 0ns, turns.now);
                p = pick();
            }
            report(p, Outcome::connect_failed);
        }
    }
    std::map<std::string, int> spread(int picks, Strategy strategy, const Filters& filters = {}) {
        std::map<std::string, int> out;
        for (int i = 0; i < picks; ++i) {
            Pick p = pick(filters, strategy);
            REQUIRE(p);
            ++out[p.node->node.id];
            report(p, Outcome::cancelled);
        }
        return out;
    }
    bool ejected(size_t index) {
        const NodeState* state = selector.state(a().nodes[index]);
        return state != nullptr && state->ejected(turns.now);
    }

    Turns turns;
    Selector selector;
    Feed feed;
    std::vector<Node> nodes;
    std::shared_ptr<const Snapshot> snapshot;
};

/// Of this thread, in nanoseconds: a busy machine makes nothing slower.
int64_t cpu_time() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

using Label = std::pair<std::string_view, std::string_view>;

}  // namespace

TEST_SUITE("host/registry/selector") {
    TEST_CASE("nobody to call is an empty pick") {
        Bench b(1);
        b.nodes = {node("broker", "127.0.0.1:1", {{"topic", "t"}})};
        b.tell();
        CHECK_FALSE(b.pick());
        CHECK_FALSE(b.pick({}, Strategy::round_robin));
        CHECK_FALSE(b.pick({}, Strategy::random));
        CHECK_FALSE(b.pick({.version = "1"}));
    }

    TEST_CASE("random and least loaded are fair, round robin is exact") {
        Bench b(5);
        for (Strategy s : {Strategy::random, Strategy::least_loaded}) {
            for (const auto& [id, n] : b.spread(50'000, s)) {
                CHECK(n > 9'500);
                CHECK(n < 10'500);
            }
        }
        for (auto& [id, n] : b.spread(50, Strategy::round_robin)) CHECK(n == 10);
    }

    TEST_CASE("fair also where a filter forces a pass over all nodes") {
        Bench b(5);
        for (Strategy s : {Strategy::random, Strategy::least_loaded}) {
            for (const auto& [id, n] : b.spread(50'000, s, {.version = "1"})) {
                CHECK(n > 9'500);
                CHECK(n < 10'500);
            }
        }
        for (auto& [id, n] : b.spread(50, Strategy::round_robin, {.version = "1"})) CHECK(n == 10);
    }

    TEST_CASE("the busier of two nodes is left alone") {
        Bench b(2);
        std::map<std::string, int> open;
        for (int i = 0; i < 100; ++i) ++open[b.pick().node->node.id];
        CHECK(open["n0"] == 50);
        CHECK(open["n1"] == 50);
    }

    TEST_CASE("a slow node gets fewer calls than quick ones") {
        Bench b(10);
        int to_slow = 0;
        for (int i = 0; i < 1000; ++i) {
            Pick p = b.pick();
            if (p.node->node.id == "n3") {
                ++to_slow;  // never answers
            } else {
                b.report(p, Outcome::success);
            }
        }
        CHECK(to_slow <= 3);
    }

    TEST_CASE(
        "of a few nodes all are compared: the one with fewest calls, and each of equal ones in its "
        "turn") {
        Bench b(3);
        std::map<std::string, int> open;
        for (int i = 0; i < 60; ++i) ++open[b.pick().node->node.id];
        CHECK(open == std::map<std::string, int>{{"n0", 20}, {"n1", 20}, {"n2", 20}});
        const auto equal = b.spread(3000, Strategy::least_loaded);
        for (const auto& row : equal)
            CHECK_MESSAGE((row.second > 900 && row.second < 1100), row.first);
        // One that never answers gets a call only when every other one has as many under way.
        Bench slow(3);
        int to_slow = 0;
        for (int i = 0; i < 1000; ++i) {
            Pick p = slow.pick();
            if (p.node->node.id == "n1")
                ++to_slow;
            else
                slow.report(p, Outcome::success);
        }
        CHECK(to_slow == 1);
    }

    TEST_CASE("versions and labels restrict the choice, and nothing fits where nothing fits") {
        Bench b(0);
        b.feed.upsert(service(
            "a", "1",
            {node("n1", "h:1", {{"region", "eu"}}), node("n2", "h:2", {{"region", "us"}})}));
        b.feed.upsert(service("a", "2", {node("n3", "h:3", {{"region", "eu"}, {"zone", "b"}})}));
        b.refresh();
        const Label eu[] = {{"region", "eu"}};
        const Label eu_b[] = {{"region", "eu"}, {"zone", "b"}};
        const Label none[] = {{"region", "mars"}};
        for (Strategy s : {Strategy::least_loaded, Strategy::round_robin, Strategy::random}) {
            CHECK(b.spread(50, s, {.version = "1"}).size() == 2);
            CHECK(b.spread(50, s, {.version = "1"}).count("n3") == 0);
            CHECK(b.spread(50, s, {.labels = eu}).count("n2") == 0);
            CHECK(b.spread(50, s, {.labels = eu_b}) == std::map<std::string, int>{{"n3", 50}});
            CHECK_FALSE(b.pick({.labels = none}, s));
            CHECK_FALSE(b.pick({.version = "3"}, s));
        }
    }

    TEST_CASE("a second attempt goes elsewhere, if there is an elsewhere") {
        Bench b(2);
        const uint32_t n0 = b.a().nodes[0].slot;
        CHECK(b.spread(20, Strategy::least_loaded, {.avoid = n0}) ==
              std::map<std::string, int>{{"n1", 20}});
        Bench one(1);
        CHECK(one.pick({.avoid = one.a().nodes[0].slot}));
    }

    TEST_CASE("five failures in a row eject a node for ten seconds") {
        Bench b(4);
        b.fail("n1", 4);
        CHECK_FALSE(b.ejected(1));
        b.fail("n1", 1);
        CHECK(b.ejected(1));
        for (Strategy s : {Strategy::least_loaded, Strategy::round_robin, Strategy::random}) {
            CHECK(b.spread(200, s).count("n1") == 0);
        }
        b.turns.now += 9999ms;
        CHECK(b.ejected(1));
        b.turns.now += 1ms;
        CHECK_FALSE(b.ejected(1));
        CHECK(b.spread(400, Strategy::random).count("n1") == 1);
    }

    TEST_CASE("a success in between starts the count anew, a cancelled call does not count") {
        Bench b(4);
        b.fail("n1", 4);
        Pick p = b.pick();
        while (p.node->node.id != "n1") p = b.pick();
        b.report(p, Outcome::success);
        b.fail("n1", 4);
        CHECK_FALSE(b.ejected(1));
    }

    TEST_CASE("who comes back and fails once is ejected for twice the time, up to five minutes") {
        Bench b(4);
        b.fail("n1", 5);
        auto away = 10'000ms;
        for (int i = 0; i < 8; ++i) {
            b.turns.now += away;
            REQUIRE_FALSE(b.ejected(1));
            b.fail("n1", 1);
            REQUIRE(b.ejected(1));
            away = std::min<std::chrono::milliseconds>(away * 2, 300'000ms);
            b.turns.now += away - 1ms;
            REQUIRE(b.ejected(1));
            b.turns.now -= away - 1ms;
        }
    }

    TEST_CASE("who stays well for as long as it was away begins at ten seconds again") {
        Bench b(4);
        b.fail("n1", 5);
        b.turns.now += 25s;
        Pick p = b.pick();
        while (p.node->node.id != "n1") p = b.pick();
        b.report(p, Outcome::success);
        b.fail("n1", 5);
        REQUIRE(b.ejected(1));
        b.turns.now += 10s;
        CHECK_FALSE(b.ejected(1));
    }

    TEST_CASE("after the longest ejection five minutes of health are enough too") {
        Bench b(4);
        b.fail("n1", 5);
        for (auto away = 10'000ms; away < 1000'000ms; away *= 2) {
            b.turns.now += std::min<std::chrono::milliseconds>(away, 300'000ms);
            b.fail("n1", 1);
            REQUIRE(b.ejected(1));
        }
        b.turns.now += 601s;
        Pick p = b.pick();
        while (p.node->node.id != "n1") p = b.pick();
        b.report(p, Outcome::success);
        CHECK(b.selector.state(b.a().nodes[1])->ejections == 0);
    }

    TEST_CASE("never more than half of the nodes are ejected") {
        for (int n : {1, 2, 3, 4, 10}) {
            CAPTURE(n);
            Bench b(n);
            for (int round = 0; round < 400; ++round) b.report(b.pick(), Outcome::transport_failed);
            int ejected = 0;
            for (size_t i = 0; i < b.a().nodes.size(); ++i) ejected += b.ejected(i) ? 1 : 0;
            CHECK(ejected == n / 2);
            CHECK(b.pick());
        }
    }

    TEST_CASE("if all that fit are ejected or unhealthy, one of them is called nevertheless") {
        Bench b(4);
        b.fail("n1", 5);
        b.nodes[1].metadata["zone"] = "x";
        b.tell();
        const Label x[] = {{"zone", "x"}};
        Pick p = b.pick({.labels = x});
        REQUIRE(p);
        CHECK(p.node->node.id == "n1");
        for (int i = 0; i < 4; ++i) b.turns.table.set_healthy("a", "n" + std::to_string(i), false);
        b.refresh();
        CHECK(b.pick());
    }

    TEST_CASE("a node that failed its health check is passed over") {
        Bench b(3);
        b.turns.table.set_healthy("a", "n0", false);
        b.refresh();
        for (Strategy s : {Strategy::least_loaded, Strategy::round_robin, Strategy::random}) {
            CHECK(b.spread(100, s).count("n0") == 0);
        }
    }

    TEST_CASE("what a loop knows of a node survives a new snapshot") {
        Bench b(4);
        b.fail("n1", 5);
        b.nodes.push_back(node("n9", "10.0.0.9:1"));
        b.nodes.erase(b.nodes.begin());
        b.tell();
        CHECK(b.a().nodes[0].node.id == "n1");
        CHECK(b.ejected(0));
    }

    TEST_CASE("a node that moved to another address begins anew") {
        Bench b(4);
        b.fail("n1", 5);
        b.nodes[1].address = "10.0.0.77:1";
        b.tell();
        CHECK_FALSE(b.ejected(1));
    }

    TEST_CASE("a late report about a node that went does not hurt its successor") {
        Bench b(1);
        Pick old = b.pick();
        b.nodes = {node("other", "10.0.0.5:1")};
        b.tell();
        Pick fresh = b.pick();
        CHECK(fresh.node->node.id == "other");
        b.report(old, Outcome::connect_failed);
        CHECK(b.selector.state(b.a().nodes[0])->outstanding == 1);
        CHECK(b.selector.state(b.a().nodes[0])->failures == 0);
        b.selector.report(fresh, nullptr, Outcome::connect_failed, 0ns, b.turns.now);
        CHECK(b.selector.state(b.a().nodes[0])->outstanding == 0);
    }

    TEST_CASE("a selector that was told nothing of a snapshot still works") {
        Bench b(3);
        Selector other(1);
        CHECK(other.pick(b.a(), b.turns.now));
        CHECK(other.pick(b.a(), b.turns.now, {}, Strategy::round_robin));
    }

    TEST_CASE("the latency is a moving average") {
        Bench b(1);
        Pick p = b.pick();
        b.selector.report(p, &b.a(), Outcome::success, 8ms, b.turns.now);
        CHECK(b.selector.state(b.a().nodes[0])->latency == 8ms);
        p = b.pick();
        b.selector.report(p, &b.a(), Outcome::success, 16ms, b.turns.now);
        CHECK(b.selector.state(b.a().nodes[0])->latency == 9ms);
    }

    TEST_CASE("cost of a pick and its report with 10 nodes") {
        Bench b(10);
        constexpr int kRounds = 1'000'000;
        const auto& a = b.a();
        for (Strategy s : {Strategy::least_loaded, Strategy::round_robin, Strategy::random}) {
            const auto start = cpu_time();
            for (int i = 0; i < kRounds; ++i) {
                const Pick p = b.selector.pick(a, b.turns.now, {}, s);
                b.selector.report(p, &a, Outcome::success, 1ms, b.turns.now);
            }
            const auto spent = cpu_time() - start;
            MESSAGE("strategy " << static_cast<int>(s) << ": " << spent / kRounds << " ns");
        }
    }
}
