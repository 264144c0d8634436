// SPDX-License-Identifier: Apache-2.0
#include "rpc/local_call.hpp"

#include "module/check.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/work_pool.hpp"
#include "rig.hpp"
#include "rpc/probe_path.hpp"

using namespace microhost;
using namespace microhost::rpc::test;
using rpc::kServerTable;

namespace {

/// A service of this process with one endpoint, E.M, on loop 0; [main] is a thread of its own.
struct House {
    Rig rig;
    Loop control{1};
    module::Environment environment{*rig.log, rig.metrics, control, {&rig.loop}};
    std::unique_ptr<module::Generation> generation;
    mh_rpc_endpoint endpoint{"E.M",   nullptr, nullptr, nullptr, nullptr,
                             nullptr, nullptr, nullptr, nullptr};
    mh_rpc_service service{sizeof service, 0, "here",          "1", nullptr,
                           &endpoint,      1, sizeof endpoint, this};
    std::thread main;
    mh_rpc_in* held = nullptr;
    std::atomic<bool> go{false}, entered{false};
    std::thread::id ran_on;

    explicit House(uint32_t flags, decltype(mh_rpc_endpoint::on_call) on_call) {
        auto candidate = module::check_file(MICROHOST_RPC_PROBE);
        REQUIRE(candidate.has_value());
        auto g = module::Generation::create(environment, *candidate, {});
        REQUIRE(g.has_value());
        generation = std::move(*g);
        service.flags = flags;
        endpoint.on_call = on_call;
        rig.engine.set_local({{&service, generation.get(), nullptr, "here"}});
        main = std::thread([this] { control.run(); });
    }
    ~House() {
        environment.work->stop();
        rig.until([&] { return generation->side().outstanding == 0; });
        control.stop();
        main.join();
    }
};

House& house(void* user) { return *static_cast<House*>(user); }

void echo(void*, void* user, mh_rpc_in* in, const mh_rpc_message* m) {
    house(user).ran_on = std::this_thread::get_id();
    kServerTable.reply(in, {}, m->body);
}
void hold(void*, void* user, mh_rpc_in* in, const mh_rpc_message*) { house(user).held = in; }
void refuse(void*, void*, mh_rpc_in* in, const mh_rpc_message*) {
    kServerTable.fail(in, 404, {}, str("no such thing"));
}
void wait_then_echo(void*, void* user, mh_rpc_in* in, const mh_rpc_message* m) {
    house(user).entered = true;
    house(user).entered.notify_all();
    house(user).go.wait(false);
    kServerTable.reply(in, {}, m->body);
}

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("a service of the process answers on the caller's loop, before send returns") {
        House h(0, echo);
        Caller c;
        REQUIRE(c.start("here", "E.M", "{\"a\":1}") == MH_OK);
        CHECK(c.ends == 1);
        CHECK(c.status == MH_OK);
        CHECK(c.body == "{\"a\":1}");
        CHECK(c.type == "application/json");
        CHECK(h.ran_on == std::this_thread::get_id());
        Caller other;
        REQUIRE(other.start("here", "E.Other", "{}") == MH_OK);
        CHECK(other.status == MH_E_INVALID);
        CHECK(other.error == "rpc: can't find method Other");
    }

    TEST_CASE("what a service refuses arrives as Micro's error JSON") {
        House h(0, refuse);
        Caller c;
        REQUIRE(c.start("here", "E.M", "{}") == MH_OK);
        CHECK(c.status == MH_E_INVALID);
        CHECK(c.error ==
              R"({"id":"here","code":404,"detail":"no such thing","status":"Not Found"})");
    }

    TEST_CASE("an exception in a service is an error of that call") {
        House h(0, [](void*, void*, mh_rpc_in*, const mh_rpc_message*) { throw 1; });
        Caller c;
        REQUIRE(c.start("here", "E.M", "{}") == MH_OK);
        CHECK(c.status == MH_E_INVALID);
        CHECK(c.error.find("500") != std::string::npos);
        CHECK(h.generation->side().panics == 1);
    }

    TEST_CASE(
        "the service sees metadata and deadline, and an answer after the caller left is harmless") {
        House h(0, hold);
        Caller c;
        const mh_kv metadata[] = {{str("X-User"), str("john")}};
        REQUIRE(c.start("here", "E.M", "{}", [&](mh_rpc_target& t) {
            t.metadata = metadata;
            t.n_metadata = 1;
            t.timeout_ms = 700;
        }) == MH_OK);
        REQUIRE(h.held);
        mh_str value{};
        CHECK(kServerTable.metadata(h.held, str("x-user"), &value) == MH_OK);
        CHECK(text(value) == "john");
        CHECK(kServerTable.metadata(h.held, str("timeout"), &value) == MH_OK);
        CHECK(text(value) == "700000000");
        CHECK(kServerTable.metadata(h.held, str("nothing"), &value) == MH_E_NOT_FOUND);
        CHECK(kServerTable.time_left_ms(h.held) <= 700);
        CHECK(text(kServerTable.endpoint(h.held)) == "E.M");
        mh_rpc_in* first = h.held;
        rpc::kRpcTable.cancel(c.call);
        // The object is not given to another call while the service holds it.
        for (int i = 0; i < 3; i++) {
            h.rig.loop.turn(0);
            Caller next;
            REQUIRE(next.start("here", "E.M", "{}") == MH_OK);
            CHECK(h.held != first);
            CHECK(kServerTable.reply(h.held, {}, seg("{}")) == MH_OK);
            CHECK(next.status == MH_OK);
        }
        CHECK(kServerTable.reply(first, {}, seg("{}")) == MH_OK);
        CHECK(kServerTable.reply(first, {}, seg("{}")) == MH_E_GONE);
        CHECK(c.ends == 0);
    }

    TEST_CASE(
        "blocking services run on a worker, home services on [main]; both answer on the loop") {
        for (uint32_t flags : {uint32_t{MH_SERVICE_BLOCKING}, uint32_t{MH_SERVICE_HOME}}) {
            House h(flags, echo);
            Caller c;
            const auto here = std::this_thread::get_id();
            c.in_message = [&](Caller&) { CHECK(std::this_thread::get_id() == here); };
            REQUIRE(c.start("here", "E.M", "{\"a\":1}") == MH_OK);
            CHECK(c.ends == 0);
            REQUIRE(h.rig.until([&] { return c.ends; }));
            CHECK(c.status == MH_OK);
            CHECK(c.body == "{\"a\":1}");
            CHECK(h.ran_on != here);
        }
    }

    TEST_CASE("a worker's answer to a caller that left does not reach the next call") {
        for (uint32_t flags : {uint32_t{MH_SERVICE_BLOCKING}, uint32_t{MH_SERVICE_HOME}}) {
            House h(flags, wait_then_echo);
            Caller left, next;
            REQUIRE(left.start("here", "E.M", "old") == MH_OK);
            h.entered.wait(false);
            rpc::kRpcTable.cancel(left.call);
            h.rig.loop.turn(0);  // the object may be used again from here on
            REQUIRE(next.start("here", "E.M", "new") == MH_OK);
            CHECK(next.call == left.call);
            h.go = true;
            h.go.notify_all();
            REQUIRE(h.rig.until([&] { return next.ends; }));
            CHECK(next.body == "new");
            CHECK(left.ends == 0);
            CHECK(left.messages == 0);
        }
    }

    TEST_CASE("a blocking service that returns without an answer has failed") {
        House h(MH_SERVICE_BLOCKING, [](void*, void*, mh_rpc_in*, const mh_rpc_message*) {});
        Caller c;
        REQUIRE(c.start("here", "E.M", "{}") == MH_OK);
        REQUIRE(h.rig.until([&] { return c.ends; }));
        CHECK(c.status == MH_E_INVALID);
        CHECK(c.error.find("gave no answer") != std::string::npos);
    }

    TEST_CASE("Debug.Health and Debug.Stats are answered for a service that does not") {
        House h(0, echo);
        Caller health, proto, stats;
        REQUIRE(health.start("here", "Debug.Health", "") == MH_OK);
        CHECK(health.body == "{\"status\":\"ok\"}");
        REQUIRE(proto.start("here", "Debug.Health", "", [](mh_rpc_target& t) {
            t.content_type = str("application/protobuf");
        }) == MH_OK);
        CHECK(proto.body == "\n\x02ok");
        REQUIRE(stats.start("here", "Debug.Stats", "{}") == MH_OK);
        CHECK(stats.body.find("\"threads\":") != std::string::npos);
        CHECK(stats.body.find("\"memory\":0") == std::string::npos);
    }
}
