// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "sockets.hpp"

using namespace microhost;
using namespace microhost::net;
using namespace microhost::net::test;

namespace {

// The answer of a name server that the test is.
struct Names {
    std::atomic<int> asked{0};
    std::promise<void> open;
    std::shared_future<void> gate = open.get_future().share();

    ResolverOptions options(bool gated = false) {
        ResolverOptions o;
        o.query = [this, gated, gate = gate](const std::string& host) -> Resolved {
            asked++;
            if (gated) gate.wait();
            if (host == "gone.test") return error("resolve {}: no such host", host);
            return std::vector<Address>{Address::parse("192.0.2.1:0").value(),
                                        Address::parse("[2001:db8::1]:0").value()};
        };
        return o;
    }
};

struct Asker {
    Asker() { loop.adopt_thread(); }
    void ask(Resolver& r, std::string_view host) {
        asked++;
        last = r.resolve(host, 80, [this](const Resolved& found) {
            std::string text;
            if (!found)
                text = found.error().what;
            else
                for (const Address& a : *found) text += a.text() + " ";
            answers.push_back(text);
        });
    }
    bool answered() {
        return eventually([&] {
            if (answers.size() < asked) loop.turn(10);
            return answers.size() == asked;
        });
    }
    Loop loop{0};
    std::vector<std::string> answers;
    std::shared_ptr<Lookup> last;
    size_t asked = 0;
};

const std::string kFound = "192.0.2.1:80 [2001:db8::1]:80 ";

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("a name is asked for once and then remembered, in any case") {
        Names names;
        Asker asker;
        Resolver resolver(names.options());
        for (const char* name : {"a.test", "A.Test", "a.test"}) {
            asker.ask(resolver, name);
            CHECK(asker.answers.size() + 1 == asker.asked);  // never from within
            REQUIRE(asker.answered());
            CHECK(asker.answers.back() == kFound);
        }
        CHECK(names.asked == 1);
    }

    TEST_CASE("a failure is told and remembered too") {
        Names names;
        Asker asker;
        Resolver resolver(names.options());
        asker.ask(resolver, "gone.test");
        REQUIRE(asker.answered());
        asker.ask(resolver, "gone.test");
        REQUIRE(asker.answered());
        CHECK(asker.answers.back().find("gone.test") != std::string::npos);
        CHECK(names.asked == 1);
    }

    TEST_CASE("what is too old is asked for again") {
        Names names;
        Asker asker;
        ResolverOptions options = names.options();
        options.keep = std::chrono::milliseconds(0);
        Resolver resolver(options);
        for (int i = 0; i < 3; i++) {
            asker.ask(resolver, "a.test");
            REQUIRE(asker.answered());
        }
        CHECK(names.asked == 3);
    }

    TEST_CASE("addresses and nonsense need no name server") {
        Names names;
        Asker asker;
        Resolver resolver(names.options());
        const struct {
            std::string host, answer;
        } rows[] = {{"127.0.0.1", "127.0.0.1:80 "},
                    {"::1", "[::1]:80 "},
                    {"[::1]", "[::1]:80 "},
                    {"", "cannot be a host name"},
                    {std::string(300, 'a'), "cannot be a host name"},
                    {std::string("a\0b", 3), "cannot be a host name"},
                    {"a:b", "not an address"}};
        for (const auto& row : rows) {
            CAPTURE(row.host);
            asker.ask(resolver, row.host);
            REQUIRE(asker.answered());
            CHECK(asker.answers.back().find(row.answer) != std::string::npos);
        }
        CHECK(names.asked == 0);
    }

    TEST_CASE("those who ask for the same name share a query, and the queue has an end") {
        Names names;
        Asker asker;
        ResolverOptions options = names.options(true);
        options.queue = 1;
        options.waiters = 6;
        Resolver resolver(options);
        asker.ask(resolver, "a.test");
        REQUIRE(eventually([&] { return names.asked == 1; }));
        asker.ask(resolver, "a.test");
        asker.ask(resolver, "b.test");
        asker.ask(resolver, "b.test");
        CHECK(asker.answers.empty());
        asker.ask(resolver, "c.test");
        CHECK(eventually([&] {
            asker.loop.turn(10);
            return asker.answers.size() == 1;
        }));
        CHECK(asker.answers[0].find("c.test: too many") != std::string::npos);
        for (int i = 0; i < 3; i++) asker.ask(resolver, "a.test");  // the last is one too many
        names.open.set_value();
        REQUIRE(asker.answered());
        CHECK(names.asked == 2);
        CHECK(std::count(asker.answers.begin(), asker.answers.end(), kFound) == 6);
    }

    TEST_CASE("a cancelled lookup says nothing") {
        Names names;
        Asker asker;
        Resolver resolver(names.options(true));
        asker.ask(resolver, "a.test");
        asker.last->cancel();
        asker.asked--;
        asker.ask(resolver, "a.test");
        names.open.set_value();
        REQUIRE(asker.answered());
        CHECK(asker.answers.size() == 1);
    }

    TEST_CASE("the end does not wait for a name server that does not answer") {
        Names names;
        Asker asker;
        auto witness = std::make_shared<int>(0);
        {
            Resolver resolver(names.options(true));
            resolver.resolve("a.test", 1, [witness](const Resolved&) { FAIL("called"); });
            REQUIRE(eventually([&] { return names.asked == 1; }));
        }
        CHECK(witness.use_count() == 1);
        names.open.set_value();
        asker.loop.turn(1);
    }

    TEST_CASE("each answer arrives on the loop that asked") {
        Names names;
        Resolver resolver(names.options());
        std::atomic<int> right{0};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 3; i++)
            threads.emplace_back([&, i] {
                Loop loop(10 + i);
                loop.adopt_thread();
                int left = 50;
                for (int k = 0; k < 50; k++)
                    resolver.resolve("h" + std::to_string(k % 7) + ".test", 80,
                                     [&, id = std::this_thread::get_id()](const Resolved& r) {
                                         right += r && id == std::this_thread::get_id();
                                         left--;
                                     });
                eventually([&] {
                    if (left) loop.turn(10);
                    return left == 0;
                });
            });
        for (auto& t : threads) t.join();
        CHECK(right == 150);
        CHECK(names.asked == 7);
    }

    TEST_CASE("localhost is known to the system") {
        Asker asker;
        Resolver resolver;
        asker.ask(resolver, "localhost");
        REQUIRE(asker.answered());
        CHECK(asker.answers[0].find(":80 ") != std::string::npos);
    }
}
