// SPDX-License-Identifier: Apache-2.0
#include "rpc/registry_desk.hpp"

#include <microhost/draft/json.h>

#include "json/document.hpp"
#include "module/abi/tables.hpp"
#include "rig.hpp"

using namespace microhost;
using namespace microhost::rpc::test;
using rpc::kRegistryTable;

namespace {

registry::Service greeter(std::string version) {
    registry::Service s{"greeter", std::move(version), {{"team", "a"}}, {}, {}};
    registry::Value request{"HelloRequest", "HelloRequest", {{"name", "string", {}}}};
    s.endpoints.push_back({"Say.Hello", request, {}, {{"path", "/hi"}, {"method", "GET"}}});
    s.endpoints.push_back({"Say.Bye", {}, {}, {}});
    return s;
}

void count(void* user, const mh_registry_view*) { ++*static_cast<int*>(user); }

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("a module sees services by name and version, their endpoints, schemas and nodes") {
        Rig rig;
        registry::Service two = greeter("2");
        two.nodes.push_back({"n1", "127.0.0.1:9", {{"protocol", "mucp"}}});
        rig.feed.upsert(two);
        rig.feed.upsert(greeter("1"));
        rig.publish();
        const mh_registry& r = kRegistryTable;
        const mh_registry_view* v = r.now(nullptr);
        REQUIRE(r.count(v) == 2);
        CHECK(text(r.version(r.at(v, 0))) == "1");
        CHECK(r.at(v, 2) == nullptr);
        CHECK(r.find(v, str("greeter"), {}) == r.at(v, 0));
        CHECK(r.find(v, str("greeter"), str("3")) == nullptr);
        CHECK(r.find(v, str("gretter"), {}) == nullptr);
        CHECK(text(r.nearest(v, str("gretter"))) == "greeter");

        const mh_service_view* s = r.find(v, str("greeter"), str("2"));
        REQUIRE(s);
        CHECK(text(r.name(s)) == "greeter");
        CHECK(r.node_count(s) == 1);
        mh_node_view n{};
        n.size = sizeof n;
        REQUIRE(r.node_at(s, 0, &n) == MH_OK);
        CHECK(text(n.address) == "127.0.0.1:9");
        CHECK(r.node_at(s, 1, &n) == MH_E_NOT_FOUND);
        auto parsed = json::Document::parse(text(r.json(s)));
        REQUIRE(parsed.has_value());
        CHECK(parsed->root().find("nodes").size() == 1);

        mh_endpoint_view e{};
        e.size = sizeof e;
        REQUIRE(r.endpoint(s, str("Say.Hello"), &e) == MH_OK);
        REQUIRE(e.n_metadata == 2);
        CHECK(text(e.metadata[1].key) == "path");
        CHECK(text(e.metadata[1].val) == "/hi");
        CHECK(e.response == nullptr);
        REQUIRE(e.request);
        const mh_json& j = module::kJsonTable;
        mh_str type{};
        REQUIRE(j.string(j.member(e.request, str("type")), &type) == MH_OK);
        CHECK(text(type) == "HelloRequest");
        CHECK(j.count(j.member(e.request, str("values"))) == 1);
        CHECK(r.endpoint(s, str("Say.Nothing"), &e) == MH_E_NOT_FOUND);
        CHECK(r.endpoint_count(s) == 2);
    }

    TEST_CASE("an in-process service, which has no node, is alive; a withdrawn one is gone") {
        Rig rig;
        rig.feed.upsert(greeter("1"));
        rig.publish();
        const mh_registry& r = kRegistryTable;
        CHECK(r.state(r.now(nullptr), str("greeter")) == MH_SERVICE_ALIVE);
        CHECK(r.state(r.now(nullptr), str("other")) == MH_SERVICE_UNKNOWN);
        CHECK(r.node_count(r.at(r.now(nullptr), 0)) == 0);
        rig.feed.withdraw("greeter", "");
        rig.publish();
        CHECK(r.state(r.now(nullptr), str("greeter")) == MH_SERVICE_GONE);
        CHECK(r.count(r.now(nullptr)) == 0);
    }

    TEST_CASE("a kept view stays as it is while the table goes on, until its last release") {
        Rig rig;
        rig.feed.upsert(greeter("1"));
        rig.publish();
        const mh_registry& r = kRegistryTable;
        const mh_registry_view* kept = r.retain(r.now(nullptr));
        CHECK(r.retain(kept) == kept);
        rig.feed.withdraw("greeter", "");
        rig.publish();
        CHECK(r.count(r.now(nullptr)) == 0);
        REQUIRE(r.count(kept) == 1);
        CHECK(text(r.name(r.at(kept, 0))) == "greeter");
        CHECK(r.revision(kept) != r.revision(r.now(nullptr)));
        r.release(kept);
        r.release(kept);
        CHECK(rpc::RegistryDesk::current()->retained() == 0);
        CHECK(r.retain(kept) == nullptr);  // nobody has it any more
    }

    TEST_CASE("a watch is called now and after each change, and no more once it is ended") {
        Rig rig;
        rpc::RegistryDesk& desk = *rpc::RegistryDesk::current();
        int calls = 0;
        const mh_token t = desk.watch(nullptr, count, &calls);
        CHECK(calls == 1);
        rig.feed.upsert(greeter("1"));
        rig.publish();
        CHECK(calls == 2);
        CHECK(kRegistryTable.unwatch(t) == MH_OK);
        CHECK(kRegistryTable.unwatch(t) == MH_E_GONE);
        CHECK(kRegistryTable.unwatch(0) == MH_E_INVALID);
        CHECK(kRegistryTable.unwatch(t ^ mh_token{1} << 60) == MH_E_WRONG_THREAD);
        rig.feed.upsert(greeter("2"));
        rig.publish();
        CHECK(calls == 2);
    }

    TEST_CASE("a watch may end itself and begin another inside its call") {
        Rig rig;
        rpc::RegistryDesk& desk = *rpc::RegistryDesk::current();
        struct State {
            mh_token token = 0;
            int calls = 0, others = 0;
        } s;
        s.token = desk.watch(
            nullptr,
            [](void* user, const mh_registry_view*) {
                auto& state = *static_cast<State*>(user);
                if (++state.calls != 2) return;
                CHECK(kRegistryTable.unwatch(state.token) == MH_OK);
                rpc::RegistryDesk::current()->watch(nullptr, count, &state.others);
            },
            &s);
        rig.feed.upsert(greeter("1"));
        rig.publish();
        CHECK(s.others == 1);
        rig.feed.upsert(greeter("2"));
        rig.publish();
        CHECK(s.calls == 2);
        CHECK(s.others == 2);
    }

    TEST_CASE("a descriptor becomes a service; its mistakes are named") {
        mh_rpc_endpoint e[1] = {{"Say.Hello", R"({"name":"R","type":"R","values":[]})", nullptr,
                                 R"({"path":"/hi"})", nullptr}};
        mh_rpc_service s{sizeof s, 0, "greeter", nullptr, nullptr, e, 1, sizeof e[0], nullptr};
        auto good = rpc::describe(s, "9");
        REQUIRE(good.has_value());
        CHECK(good->version == "9");
        CHECK(good->endpoints.at(0).request->type == "R");
        CHECK(good->endpoints.at(0).metadata.at("path") == "/hi");
        CHECK(good->nodes.empty());
        e[0].response_json = "{";
        auto bad = rpc::describe(s, "9");
        REQUIRE_FALSE(bad.has_value());
        for (const char* word : {"greeter", "Say.Hello", "response"})
            CHECK(bad.error().what.find(word) != std::string::npos);
        e[0].response_json = "[]";
        CHECK_FALSE(rpc::describe(s, "9").has_value());
        s.name = nullptr;
        CHECK_FALSE(rpc::describe(s, "9").has_value());
    }
}
