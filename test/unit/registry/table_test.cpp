// SPDX-License-Identifier: Apache-2.0
#include "registry/table.hpp"

#include "fixtures.hpp"
#include "registry/selector.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

using namespace microhost::registry;
using namespace microhost::registry::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> ids(const ServiceNodes* of) {
    std::vector<std::string> out;
    if (of != nullptr) {
        for (const auto& n : of->nodes) out.push_back(n.node.id);
    }
    return out;
}
using Ids = std::vector<std::string>;

}  // namespace

TEST_SUITE("host/registry/table") {
    TEST_CASE("an empty table has a snapshot that knows nothing") {
        Turns t;
        CHECK(t.table.snapshot()->find("a") == nullptr);
        CHECK_FALSE(t.table.snapshot()->vanished("a", t.now));
        CHECK(t.table.snapshot()->nearest("a").empty());
        CHECK_FALSE(t.table.snapshot()->complete());
    }

    TEST_CASE("versions are grouped, nodes flattened, addresses parsed, broker nodes last") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "2",
                            {node("n3", "[::1]:3"), node("b1", "127.0.0.1:9", {{"topic", "a"}})}));
        feed.upsert(service("a", "1", {node("n1", "host:1"), node("n2", "127.0.0.1:2")}));
        feed.upsert(service("b", "", {node("n1")}));
        auto s = t.snapshot();
        const ServiceNodes* a = s->find("a");
        REQUIRE(a != nullptr);
        REQUIRE(a->versions.size() == 2);
        CHECK(a->versions[0].version == "1");
        CHECK(a->versions[0].nodes.size() == 2);
        CHECK(a->versions[1].nodes.size() == 2);
        CHECK(ids(a) == Ids{"n1", "n2", "n3", "b1"});
        CHECK(a->callable().size() == 3);
        CHECK_FALSE(a->nodes[0].address.resolved());
        CHECK(a->nodes[2].address.socket.any.sa_family == AF_INET6);
        CHECK(a->versions[a->nodes[2].version].version == "2");
        CHECK(s->entries().size() == 3);
        CHECK(s->entries()[2].service->name == "b");
    }

    TEST_CASE("all changes of a turn are one snapshot, and one call to each listener") {
        Turns t;
        int calls = 0;
        t.table.on_change([&](auto) { ++calls; });
        CHECK(calls == 1);
        Feed feed = t.table.open("directory", 0);
        for (int i = 0; i < 50; ++i)
            feed.upsert(service("a", "1", {node("n" + std::to_string(i))}));
        feed.withdraw("a", "n7");
        feed.synced();
        CHECK(calls == 1);
        CHECK(t.run() == 1);
        CHECK(calls == 2);
        CHECK(t.table.snapshot()->find("a")->nodes.size() == 49);
        CHECK(t.table.snapshot()->complete());
    }

    TEST_CASE("telling the same again changes nothing") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        const auto before = t.snapshot();
        feed.upsert(service("a", "1", {node("n")}));
        feed.withdraw("a", "nobody");
        feed.withdraw("nothing", "n");
        CHECK(t.run() == 0);
        CHECK(t.table.snapshot() == before);
    }

    TEST_CASE("a snapshot stays as it is while the table goes on") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        const auto before = t.snapshot();
        feed.withdraw("a", "n");
        const auto after = t.snapshot();
        CHECK(ids(before->find("a")) == Ids{"n"});
        CHECK(after->find("a") == nullptr);
        CHECK(after->revision() > before->revision());
    }

    TEST_CASE("a service that nobody touched is not built again") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        feed.upsert(service("b", "1", {node("n")}));
        const auto* before = t.snapshot()->find("a");
        feed.upsert(service("b", "1", {node("m")}));
        CHECK(t.snapshot()->find("a") == before);
    }

    TEST_CASE("the name of a vanished service is remembered for ten minutes") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        t.run();
        feed.withdraw("a", "n");
        auto s = t.snapshot();
        CHECK(s->find("a") == nullptr);
        CHECK(s->vanished("a", t.now));
        CHECK(s->vanished("a", t.now + 9min + 59s));
        CHECK_FALSE(s->vanished("a", t.now + 10min));
        CHECK_FALSE(s->vanished("never", t.now));

        SUBCASE("and forgotten by the sweep after that") {
            t.now += 10min;
            t.table.sweep();
            CHECK(t.table.snapshot()->vanished_names().empty());
        }
        SUBCASE("unless it comes back") {
            feed.upsert(service("a", "1", {node("n")}));
            CHECK_FALSE(t.snapshot()->vanished("a", t.now));
            CHECK(t.snapshot()->find("a") != nullptr);
        }
    }

    TEST_CASE("a crash loop under random names does not grow the table for ever") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        for (int i = 0; i < 1500; ++i) {
            feed.upsert(service("s" + std::to_string(i), "1", {node("n")}));
            t.run();
            feed.withdraw("s" + std::to_string(i), "n");
            t.now += 1ms;
            t.run();
        }
        CHECK(t.table.snapshot()->vanished_names().size() == 1024);
        CHECK(t.table.snapshot()->vanished("s1499", t.now));
        CHECK_FALSE(t.table.snapshot()->vanished("s0", t.now));
        CHECK(t.table.snapshot()->slots() < 10);
    }

    TEST_CASE("of two providers with one node the higher priority wins, and the other steps in") {
        Turns t;
        Feed low = t.table.open("mdns", 1);
        Feed high = t.table.open("directory", 5);
        high.upsert(service("a", "1", {node("n", "127.0.0.1:1")}));
        low.upsert(service("a", "2", {node("n", "127.0.0.1:2"), node("m", "127.0.0.1:3")}));
        auto s = t.snapshot();
        CHECK(ids(s->find("a")) == Ids{"m", "n"});
        CHECK(s->find("a")->nodes[1].node.address == "127.0.0.1:1");
        high.withdraw("a", "n");
        s = t.snapshot();
        CHECK(s->find("a")->nodes[1].node.address == "127.0.0.1:2");
        CHECK(s->find("a")->versions.size() == 1);
    }

    TEST_CASE("the schema of a version comes from the newest telling of the best provider") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        Service one = service("a", "1", {node("n")});
        one.endpoints = {Endpoint{.name = "Say.Old"}};
        Service two = service("a", "1", {node("m")});
        two.endpoints = {Endpoint{.name = "Say.New"}};
        feed.upsert(one);
        feed.upsert(two);
        auto s = t.snapshot();
        CHECK(s->find("a")->endpoint("Say.New") != nullptr);
        CHECK(s->find("a")->endpoint("Say.New", "1") != nullptr);
        CHECK(s->find("a")->endpoint("Say.New", "2") == nullptr);
        CHECK(s->find("a")->endpoint("Say.Old") == nullptr);
    }

    TEST_CASE("a service without nodes is known, and has nobody to call") {
        Turns t;
        Feed feed = t.table.open("in-process", 0);
        feed.upsert(service("a", "1", {}));
        auto s = t.snapshot();
        REQUIRE(s->find("a") != nullptr);
        CHECK(s->find("a")->callable().empty());
        feed.withdraw("a", "");
        CHECK(t.snapshot()->find("a") == nullptr);
    }

    TEST_CASE("a provider that goes takes its nodes with it") {
        Turns t;
        Feed stays = t.table.open("directory", 0);
        stays.upsert(service("a", "1", {node("n")}));
        {
            Feed goes = t.table.open("mdns", 0);
            goes.upsert(service("a", "1", {node("m")}));
            goes.upsert(service("b", "1", {node("m")}));
            CHECK(ids(t.snapshot()->find("a")) == Ids{"m", "n"});
        }
        auto s = t.snapshot();
        CHECK(ids(s->find("a")) == Ids{"n"});
        CHECK(s->vanished("b", t.now));
    }

    TEST_CASE("a reloaded provider replaces its nodes when it has told all, without a gap") {
        Turns t;
        auto old = std::make_unique<Feed>(t.table.open("mdns", 0));
        old->upsert(service("a", "1", {node("n"), node("m")}));
        old->synced();
        t.run();
        Feed fresh = t.table.open("mdns", 0);
        old->withdraw("a", "n");  // too late
        old.reset();
        CHECK(ids(t.snapshot()->find("a")) == Ids{"m", "n"});
        CHECK(t.snapshot()->complete());  // nobody has to wait: the nodes are there
        fresh.upsert(service("a", "1", {node("n")}));
        fresh.synced();
        CHECK(ids(t.snapshot()->find("a")) == Ids{"n"});
        CHECK(t.snapshot()->complete());
    }

    TEST_CASE("a resync drops what was not told again") {
        Turns t;
        Feed feed = t.table.open("etcd", 0);
        feed.upsert(service("a", "1", {node("n"), node("m")}));
        feed.synced();
        t.run();
        feed.resync();
        feed.upsert(service("a", "1", {node("m")}));
        CHECK(ids(t.snapshot()->find("a")) == Ids{"m", "n"});
        feed.synced();
        CHECK(ids(t.snapshot()->find("a")) == Ids{"m"});
    }

    TEST_CASE("watchers hear what was created, updated and removed, per version") {
        Turns t;
        std::vector<std::string> heard;
        const auto ticket = t.table.watch([&](const Delta& d) {
            const char* action[] = {"+", "~", "-"};
            heard.push_back(action[static_cast<int>(d.action)] + d.service->name + "@" +
                            d.service->version + "/" + std::to_string(d.service->nodes.size()));
        });
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        feed.upsert(service("a", "2", {node("m")}));
        t.run();
        CHECK(heard == Ids{"+a@1/1", "+a@2/1"});
        heard.clear();
        feed.upsert(service("a", "1", {node("o")}));
        feed.withdraw("a", "m");
        t.run();
        CHECK(heard == Ids{"-a@2/1", "~a@1/2"});
        heard.clear();
        feed.withdraw("a", "n");
        feed.withdraw("a", "o");
        t.run();
        CHECK(heard == Ids{"-a@1/2"});
        t.table.forget(ticket);
        feed.upsert(service("a", "1", {node("n")}));
        t.run();
        CHECK(heard.size() == 1);
    }

    TEST_CASE("a watcher may change the table and its own listeners") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        Table::Ticket ticket = 0;
        ticket = t.table.watch([&](const Delta&) {
            t.table.forget(ticket);
            feed.upsert(service("b", "1", {node("n")}));
            feed.withdraw("c", "n");
        });
        feed.upsert(service("a", "1", {node("n")}));
        feed.upsert(service("c", "1", {node("n")}));
        t.run();
        t.run();
        CHECK(t.table.snapshot()->find("b") != nullptr);
        CHECK(t.table.snapshot()->find("c") == nullptr);
    }

    TEST_CASE("a slot is kept by a node, and carries another generation for the next one") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n"), node("m")}));
        const LiveNode n = t.snapshot()->find("a")->nodes[1];
        feed.withdraw("a", "m");
        feed.upsert(service("a", "2", {node("n")}));
        CHECK(t.snapshot()->find("a")->nodes[0].slot == n.slot);
        CHECK(t.snapshot()->find("a")->nodes[0].generation == n.generation);
        feed.upsert(service("a", "2", {node("n", "127.0.0.1:1")}));
        CHECK(t.snapshot()->find("a")->nodes[0].generation != n.generation);
        for (int i = 0; i < 100; ++i) {
            feed.upsert(service("a", "2", {node("n", "127.0.0.1:" + std::to_string(i + 1))}));
            t.run();
        }
        CHECK(t.table.snapshot()->slots() <= 4);
    }

    TEST_CASE("a failed health check marks the node until it goes") {
        Turns t;
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n"), node("m")}));
        t.run();
        t.table.set_healthy("a", "n", false);
        t.table.set_healthy("a", "nobody", false);
        t.table.set_healthy("nothing", "n", false);
        CHECK_FALSE(t.snapshot()->find("a")->nodes[1].healthy);
        CHECK_FALSE(t.snapshot()->find("a")->all_healthy);
        feed.withdraw("a", "n");
        t.run();
        feed.upsert(service("a", "1", {node("n")}));
        CHECK(t.snapshot()->find("a")->all_healthy);
    }

    TEST_CASE("a feed that outlives the table does nothing") {
        Feed feed;
        {
            Turns t;
            feed = t.table.open("directory", 0);
            feed.upsert(service("a", "1", {node("n")}));
        }
        feed.upsert(service("a", "1", {node("m")}));
        feed.withdraw("a", "n");
        feed.synced();
        feed.resync();
    }

    TEST_CASE("what others prepare is made once per built service") {
        Turns t;
        int made = 0;
        t.table.decorate([&](const ServiceNodes& of) {
            return ++made, std::make_shared<std::string>("for " + of.name);
        });
        Feed feed = t.table.open("directory", 0);
        feed.upsert(service("a", "1", {node("n")}));
        feed.upsert(service("b", "1", {node("n")}));
        t.run();
        feed.upsert(service("b", "1", {node("m")}));
        auto s = t.snapshot();
        CHECK(made == 3);
        CHECK(*static_cast<const std::string*>(s->find("a")->prepared.get()) == "for a");
    }

    TEST_CASE("one service with 10000 nodes") {
        using Clock = std::chrono::steady_clock;
        Turns t;
        Feed feed = t.table.open("directory", 0);
        Service s = service("a", "1", {});
        for (int i = 0; i < 10'000; ++i) s.nodes.push_back(node("n" + std::to_string(i)));
        const auto t0 = Clock::now();
        feed.upsert(s);
        t.run();
        const auto t1 = Clock::now();
        feed.withdraw("a", "n77");
        t.run();
        const auto t2 = Clock::now();
        CHECK(t.table.snapshot()->find("a")->nodes.size() == 9'999);
        MESSAGE("first snapshot " << (t1 - t0).count() / 1000 << " us, one change "
                                  << (t2 - t1).count() / 1000 << " us");
    }

    TEST_CASE("threads read their snapshots while the table changes") {
        struct Mailbox {
            std::mutex lock;
            std::shared_ptr<const Snapshot> snapshot;
            bool end = false;
        };
        Turns t;
        std::array<Mailbox, 2> boxes;
        t.table.on_change([&](auto s) {
            for (Mailbox& box : boxes) {
                const std::lock_guard guard(box.lock);
                box.snapshot = s;
            }
        });
        std::atomic<uint64_t> picks = 0;
        auto loop = [&](Mailbox& box, uint64_t seed) {
            Selector selector(seed);
            for (bool end = false; !end;) {
                std::shared_ptr<const Snapshot> s;
                {
                    const std::lock_guard guard(box.lock);
                    s = box.snapshot;
                    end = box.end;
                }
                selector.adopt(*s);
                for (int i = 0; i < 100; ++i) {
                    const ServiceNodes* a = s->find("a");
                    if (a == nullptr) continue;
                    const Pick p = selector.pick(*a, t.now);
                    if (!p) continue;
                    ++picks;
                    selector.report(
                        p, a, p.node->node.id == "n0" ? Outcome::connect_failed : Outcome::success,
                        std::chrono::milliseconds(1), t.now);
                }
            }
        };
        std::thread one(loop, std::ref(boxes[0]), 1);
        std::thread two(loop, std::ref(boxes[1]), 2);
        Feed feed = t.table.open("directory", 0);
        for (int i = 0; i < 2000 || picks < 1000; ++i) {
            const std::string id = "n" + std::to_string(i % 7);
            if (i % 3 == 2) {
                feed.withdraw("a", id);
            } else {
                feed.upsert(service("a", std::to_string(i % 2), {node(id)}));
            }
            t.run();
        }
        for (Mailbox& box : boxes) {
            const std::lock_guard guard(box.lock);
            box.end = true;
        }
        one.join();
        two.join();
        CHECK(picks >= 1000);
    }

    TEST_CASE("2000 services with 10000 nodes") {
        using Clock = std::chrono::steady_clock;
        auto us = [](Clock::duration d) {
            return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
        };
        Turns t;
        Feed feed = t.table.open("directory", 0);
        const auto t0 = Clock::now();
        for (int i = 0; i < 10'000; ++i) {
            feed.upsert(
                service("go.micro.srv.service-" + std::to_string(i % 2000), "1",
                        {node("node-" + std::to_string(i), "10.0.0.1:" + std::to_string(1 + i))}));
        }
        const auto t1 = Clock::now();
        auto s = t.snapshot();
        const auto t2 = Clock::now();
        CHECK(s->services().size() == 2000);
        feed.upsert(service("go.micro.srv.service-77", "1", {node("new")}));
        const auto t3 = Clock::now();
        s = t.snapshot();
        const auto t4 = Clock::now();
        size_t found = 0;
        for (int i = 0; i < 100'000; ++i)
            found += s->find("go.micro.srv.service-1234") != nullptr ? 1 : 0;
        const auto t5 = Clock::now();
        CHECK(found == 100'000);
        const std::string near(s->nearest("go.micro.srv.servce-1234"));
        const auto t6 = Clock::now();
        CHECK(near == "go.micro.srv.service-1234");
        const std::string none(s->nearest("go.micro.srv.completely-unknown"));
        const auto t7 = Clock::now();
        MESSAGE("10000 upserts " << us(t1 - t0) << " us, first snapshot " << us(t2 - t1)
                                 << " us, one change " << us(t4 - t3) << " us, find "
                                 << (t5 - t4).count() / 100'000 << " ns, nearest (hit) "
                                 << us(t6 - t5) << " us, (miss) " << us(t7 - t6) << " us");
    }
}
