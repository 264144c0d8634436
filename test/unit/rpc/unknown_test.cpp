// SPDX-License-Identifier: Apache-2.0
#include "rpc/unknown.hpp"

#include <string>
#include <vector>

#include "rig.hpp"

using namespace microhost;
using namespace microhost::rpc::test;
using namespace std::chrono_literals;

TEST_SUITE("host/rpc/unknown") {
    TEST_CASE("a name is asked for once in a while") {
        Rig rig;
        std::vector<std::string> asked;
        rpc::Unknown unknown(rig.loop, [&](const std::string& name) { asked.push_back(name); });
        const auto now = rpc::Unknown::Clock::now();
        unknown.ask("a", now);
        unknown.ask("a", now + 4s);
        CHECK(asked.size() == 1);
        unknown.ask("a", now + 5s);
        CHECK(asked.size() == 2);
        unknown.found("a");
        unknown.ask("a", now + 6s);
        CHECK(asked.size() == 3);
    }

    TEST_CASE("a flood of names is bounded") {
        Rig rig;
        size_t asked = 0;
        rpc::Unknown unknown(rig.loop, [&](const std::string&) { ++asked; });
        const auto now = rpc::Unknown::Clock::now();
        for (int i = 0; i < 5000; ++i) unknown.ask(std::to_string(i), now);
        CHECK(asked == rpc::Unknown::kMostNames);
        unknown.ask("later", now + 6s);
        CHECK(asked == rpc::Unknown::kMostNames + 1);
    }

    TEST_CASE("requests ask only where somebody can answer, and not without end") {
        Rig rig;
        size_t asked = 0;
        rpc::Unknown unknown(rig.loop, [&](const std::string&) { ++asked; });
        rpc::ask_for("a");
        rig.loop.turn(0);
        CHECK(asked == 0);
        unknown.enable(true);
        rpc::ask_for("");
        rpc::ask_for(std::string(10'000, 'x'));
        for (int i = 0; i < 1000; ++i) rpc::ask_for("n" + std::to_string(i));
        rig.loop.turn(0);
        CHECK(asked >= rpc::Unknown::kMostASecond - 1);
        CHECK(asked <= 2 * rpc::Unknown::kMostASecond);
    }

    // On a thread of its own: what the flood above has used up is that thread's.
    TEST_CASE("a call and a stream to a name that nobody knows have it looked up") {
        std::vector<std::string> asked;
        std::thread([&] {
            Rig rig;
            rpc::Unknown unknown(rig.loop, [&](const std::string& name) { asked.push_back(name); });
            unknown.enable(true);
            Caller call, stream;
            CHECK(call.start("called", "E.M", "{}") == MH_E_NOT_FOUND);
            CHECK(stream.open("streamed", "E.M",
                              [](mh_rpc_target& t) { t.flags = MH_RPC_STREAM; }) == MH_E_NOT_FOUND);
            rig.loop.turn(0);
        }).join();
        CHECK(asked == std::vector<std::string>{"called", "streamed"});
    }
}
