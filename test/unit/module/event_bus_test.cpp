// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <ctime>
#include <thread>
#include <vector>

#include "loop/loop.hpp"
#include "module/event_bus.hpp"
#include "module/host_side.hpp"

using namespace microhost;
using namespace microhost::module;

namespace {

/// The bus keeps the address of a HostSide and reaches into it only when a callback throws.
struct Bench {
    std::unique_ptr<log::Log> log = [] {
        log::Options options;
        options.path = "/dev/null";
        return log::Log::open(options).value();
    }();
    Loop loop{0};
    HostSide side{*reinterpret_cast<Environment*>(8), *reinterpret_cast<Generation*>(8),
                  log->domain("m"), "m"},
        other{*reinterpret_cast<Environment*>(8), *reinterpret_cast<Generation*>(8),
              log->domain("n"), "n"};
    EventBus bus;
    Bench() { loop.adopt_thread(); }
    ~Bench() {
        EventBus::end_here(side);
        EventBus::end_here(other);
    }
    mh_status publish(std::string topic, std::string body = {}, bool foreign = false) {
        Event e;
        e.topic = std::move(topic);
        e.body = std::move(body);
        e.foreign = foreign;
        return bus.publish(std::move(e));
    }
    void settle() {
        while (loop.wait_hint() == 0) loop.turn(0);
    }
};

struct Seen {
    std::vector<std::string> bodies;
    uint64_t lost = 0;
    static void receive(void* user, const mh_event* e) {
        auto& self = *static_cast<Seen*>(user);
        self.bodies.emplace_back(view(e->body));
        self.lost += e->lost;
    }
};

struct Outside : EventBus::Beyond {
    std::vector<std::string> taken;
    int changes = 0;
    mh_status take(const EventPtr& e) override {
        taken.push_back(e->topic);
        return taken.size() > 2 ? MH_E_BUSY : MH_OK;
    }
    void wants_changed() override { ++changes; }
};

}  // namespace

TEST_SUITE("host/module") {
    TEST_CASE("a topic is for those who name it, and for those who name what it begins with") {
        CHECK(topic_matches("a.b", "a.b"));
        CHECK_FALSE(topic_matches("a.b", "a.b.c"));
        CHECK(topic_matches("a.*", "a.b"));
        CHECK(topic_matches("a.*", "a.b.c"));
        CHECK_FALSE(topic_matches("a.*", "a"));
        CHECK_FALSE(topic_matches("a.*", "a."));
        CHECK_FALSE(topic_matches("a.*", "ab.c"));
        CHECK(topic_fault("a.*", true).empty());
        CHECK_FALSE(topic_fault("a.*", false).empty());
        for (const char* bad : {"", "a b", "a\r\nb", "\x7f"})
            CHECK_FALSE(topic_fault(bad, true).empty());
        CHECK_FALSE(topic_fault(std::string(256, 'a'), false).empty());
    }

    TEST_CASE(
        "each subscriber gets an event once, in the order of publishing, and nothing within "
        "publish()") {
        Bench b;
        Seen one, two, none;
        b.bus.subscribe(b.side, "a.b", 0, Seen::receive, &one);
        b.bus.subscribe(b.other, "a.*", 0, Seen::receive, &two);
        b.bus.subscribe(b.side, "c", 0, Seen::receive, &none);
        b.publish("a.b", "1");
        b.publish("a.b", "2");
        b.publish("a.c", "3");
        CHECK(one.bodies.empty());
        b.settle();
        CHECK(one.bodies == std::vector<std::string>{"1", "2"});
        CHECK(two.bodies == std::vector<std::string>{"1", "2", "3"});
        CHECK(none.bodies.empty());
    }

    TEST_CASE("the host listens as a module does, until it has heard enough") {
        Bench b;
        Seen host, module;
        const mh_token t = b.bus.listen("a.*", 0, Seen::receive, &host);
        b.bus.subscribe(b.side, "a.b", 0, Seen::receive, &module);
        b.publish("a.b", "1");
        b.settle();
        EventBus::end_here(b.side);
        b.publish("a.b", "2");
        b.settle();
        CHECK(EventBus::unsubscribe(t) == MH_OK);
        b.publish("a.b", "3");
        b.settle();
        CHECK(host.bodies == std::vector<std::string>{"1", "2"});
        CHECK(module.bodies == std::vector<std::string>{"1"});
        CHECK(EventBus::unsubscribe(t) == MH_E_GONE);
    }

    TEST_CASE("who shares a queue takes turns, each group for itself") {
        Bench b;
        std::vector<Seen> of(4);
        for (int i : {0, 1})
            b.bus.subscribe(b.side, "t", MH_EVENT_QUEUE, Seen::receive,
                            &of[static_cast<size_t>(i)]);
        b.bus.subscribe(b.other, "t", MH_EVENT_QUEUE, Seen::receive, &of[2]);
        b.bus.subscribe(b.side, "t", 0, Seen::receive, &of[3]);
        for (int i = 0; i < 6; ++i) b.publish("t", std::to_string(i));
        b.settle();
        CHECK(of[0].bodies.size() == 3);
        CHECK(of[1].bodies.size() == 3);
        CHECK(of[2].bodies.size() == 6);
        CHECK(of[3].bodies.size() == 6);
    }

    TEST_CASE("a slow subscriber loses the oldest events and is told how many") {
        Bench b;
        Seen seen;
        b.bus.subscribe(b.side, "t", 0, Seen::receive, &seen);
        for (size_t i = 0; i < EventBus::kMostWaiting + 10; ++i) b.publish("t", std::to_string(i));
        b.settle();
        REQUIRE(seen.bodies.size() == EventBus::kMostWaiting);
        CHECK(seen.bodies.front() == "10");
        CHECK(seen.lost == 10);
        const std::string big(1U << 20U, 'x');
        seen = {};
        for (int i = 0; i < 40; ++i) b.publish("t", big);
        b.settle();
        CHECK(seen.bodies.size() == 15);  // 16 MiB, and each is a little more than one
        CHECK(seen.lost == 25);
    }

    TEST_CASE(
        "after unsubscribe, and after the module's end, nothing is received, not even what waits") {
        Bench b;
        Seen one, two;
        const mh_token t = b.bus.subscribe(b.side, "t", 0, Seen::receive, &one);
        b.bus.subscribe(b.other, "t", 0, Seen::receive, &two);
        b.publish("t");
        CHECK(EventBus::unsubscribe(t) == MH_OK);
        CHECK(EventBus::unsubscribe(t) == MH_E_GONE);
        CHECK(EventBus::unsubscribe(0) == MH_E_INVALID);
        CHECK(EventBus::unsubscribe(mh_token{9} << 56 | 1) == MH_E_WRONG_THREAD);
        EventBus::end_here(b.other);
        b.settle();
        CHECK(one.bodies.empty());
        CHECK(two.bodies.empty());
    }

    TEST_CASE(
        "brokers get what is not local and what came from outside; local subscribers only our "
        "own") {
        Bench b;
        Outside outside;
        b.bus.set_beyond(&outside);
        Seen all, own;
        b.bus.subscribe(b.side, "t", 0, Seen::receive, &all);
        const mh_token local = b.bus.subscribe(b.side, "u", MH_EVENT_LOCAL, Seen::receive, &own);
        CHECK(outside.changes == 1);
        CHECK(b.bus.wanted() == std::set<std::string>{"t"});
        CHECK(b.publish("t", "ours") == MH_OK);
        CHECK(b.publish("t", "theirs", true) == MH_OK);
        b.publish("u", "theirs", true);
        CHECK(b.publish("u", "ours") == MH_E_BUSY);
        b.bus.tell("microhost.test", "{}");
        CHECK(outside.taken == std::vector<std::string>{"t", "t", "u", "u"});
        b.settle();
        CHECK(all.bodies == std::vector<std::string>{"ours", "theirs"});
        CHECK(own.bodies == std::vector<std::string>{"ours"});
        EventBus::unsubscribe(local);
        CHECK(outside.changes == 1);
        b.bus.set_beyond(nullptr);
    }

    TEST_CASE("any thread publishes; a subscriber hears on its own") {
        Bench b;
        struct Count {
            std::thread::id here;
            int n = 0;
            bool elsewhere = false;
        } count{std::this_thread::get_id()};
        b.bus.subscribe(
            b.side, "t", 0,
            [](void* user, const mh_event* e) {
                auto& c = *static_cast<Count*>(user);
                c.n += 1 + static_cast<int>(e->lost);
                c.elsewhere |= std::this_thread::get_id() != c.here;
            },
            &count);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) b.publish("t");
            });
        const time_t end = time(nullptr) + 20;
        while (count.n < 2000 && time(nullptr) < end) b.loop.turn(20);
        for (auto& t : threads) t.join();
        b.settle();
        CHECK(count.n == 2000);
        CHECK_FALSE(count.elsewhere);
    }
}
