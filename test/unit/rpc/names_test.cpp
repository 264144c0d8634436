// SPDX-License-Identifier: Apache-2.0
// Nodes whose address is a host name.
#include <atomic>
#include <map>

#include "net/resolver.hpp"
#include "rig.hpp"

using namespace microhost;
using namespace microhost::rpc::test;

namespace {

const std::string kOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

void serve(Peer& p) {
    int c = p.accept();
    while (!p.request(c).empty()) Peer::send(c, kOk);
    ::close(c);
}

/// A rig whose names are in a table; "slow" is never answered while the test runs.
/// What the resolver's threads ask; one of them may be at it when the rig is gone.
struct Answers {
    std::map<std::string, std::vector<std::string>> table;
    std::atomic<int> asked{0};
    std::atomic<bool> over{false};

    net::Resolved find(const std::string& host) {
        asked++;
        if (host == "slow") over.wait(false);
        auto it = table.find(host);
        if (it == table.end()) return error("resolve {}: no such host", host);
        std::vector<net::Address> found;
        for (const std::string& ip : it->second) found.push_back(*net::Address::parse(ip + ":0"));
        return found;
    }
};

struct NameRig : Rig {
    std::shared_ptr<Answers> answers = std::make_shared<Answers>();
    std::map<std::string, std::vector<std::string>>& table_of_names = answers->table;
    std::atomic<int>& asked = answers->asked;
    std::unique_ptr<net::Resolver> resolver;

    NameRig() {
        net::ResolverOptions o;
        o.query = [from = answers](const std::string& host) { return from->find(host); };
        resolver = std::make_unique<net::Resolver>(std::move(o));
        engine.names.resolver = resolver.get();
    }
    ~NameRig() {
        answers->over = true;
        answers->over.notify_all();
        engine.names.resolver = nullptr;
    }
    void nodes(const std::vector<std::string>& addresses) {
        registry::Service s{"s", "1", {}, {}, {}};
        for (size_t i = 0; i < addresses.size(); i++)
            s.nodes.push_back({"n" + std::to_string(i), addresses[i], {{"protocol", "mucp"}}});
        feed.upsert(s);
        publish();
    }
    uint32_t outstanding() {
        uint32_t n = 0;
        for (const auto& node : engine.snapshot().find("s")->nodes)
            if (const auto* state = engine.selector.state(node)) n += state->outstanding;
        return n;
    }
};

std::string closed_port(Rig& rig) {
    Peer gone(rig, {});
    return std::to_string(gone.port);
}

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("a node with a name is called by its name, which is asked for once") {
        NameRig rig;
        rig.table_of_names["svc.example"] = {"127.0.0.1"};
        Peer peer(rig, serve);
        const std::string place = "svc.example:" + std::to_string(peer.port);
        rig.nodes({place});
        for (int i = 0; i < 3; i++) {
            Caller caller;
            REQUIRE(caller.start("s", "E.M", "{\"n\":1}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
            CHECK(caller.status == MH_OK);
            CHECK(caller.body == "{}");
        }
        Caller by_address;
        REQUIRE(by_address.start("", "E.M", "{\"n\":1}",
                                 [&](mh_rpc_target& t) { t.address = str(place); }) == MH_OK);
        REQUIRE(rig.until([&] { return by_address.ends; }));
        CHECK(by_address.status == MH_OK);
        CHECK(rig.asked == 1);
        CHECK(rig.outstanding() == 0);
        peer.join();
        REQUIRE(peer.seen.size() == 4);
        for (const std::string& r : peer.seen) {
            CHECK(r.find("Host: " + place + "\r\n") != std::string::npos);
            CHECK(r.ends_with("\r\n\r\n{\"n\":1}"));
        }
    }

    TEST_CASE(
        "of several addresses of a name one that answers is found, and comes first from then on") {
        NameRig rig;
        rig.table_of_names["svc"] = {"127.0.0.3", "127.0.0.2", "127.0.0.1"};
        Peer peer(rig, serve);  // on 127.0.0.1 alone
        const std::string place = "svc:" + std::to_string(peer.port);
        rig.nodes({place});
        for (int i = 0; i < 2; i++) {
            Caller caller;
            REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
            CHECK(caller.status == MH_OK);
            CHECK(rig.engine.names.find(place)->text() == "127.0.0.1:" + std::to_string(peer.port));
        }
        CHECK(rig.engine.selector.state(rig.engine.snapshot().find("s")->nodes[0])->failures == 0);
        peer.join();
    }

    TEST_CASE("a name that nobody knows is a node that cannot be reached: another one answers") {
        NameRig rig;
        Peer peer(rig, serve);
        rig.nodes({"nowhere.example:80", "127.0.0.1:" + std::to_string(peer.port)});
        for (int i = 0; i < 20; i++) {
            Caller caller;
            REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
            CHECK(caller.status == MH_OK);
        }
        const auto& nodes = rig.engine.snapshot().find("s")->nodes;
        CHECK(rig.engine.selector.state(nodes[0])->ejected(rig.engine.now()));
        CHECK(rig.outstanding() == 0);
        peer.join();
        CHECK(peer.seen.size() == 20);
    }

    TEST_CASE("where there is no other node the call says why, once") {
        NameRig rig;
        rig.table_of_names["closed"] = {"127.0.0.1", "127.0.0.2"};
        for (const std::string& place : {std::string("nowhere:80"), "closed:" + closed_port(rig)}) {
            rig.nodes({place});
            Caller caller;
            REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
            CHECK(caller.status == MH_E_UNREACHABLE);
            CHECK(caller.ends == 1);
            CHECK(!caller.error.empty());
            CHECK(rig.outstanding() == 0);
        }
    }

    TEST_CASE("a name that takes too long costs no more than a connection may take") {
        NameRig rig;
        rig.limits.connect_timeout_ms = 1;
        rig.nodes({"slow:80"});
        Caller caller, cancelled, hurried;
        REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(cancelled.start("s", "E.M", "{}") == MH_OK);
        rpc::kRpcTable.cancel(cancelled.call);
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_E_UNREACHABLE);
        rig.limits.connect_timeout_ms = 60'000;
        REQUIRE(hurried.start("s", "E.M", "{}", [](mh_rpc_target& t) { t.timeout_ms = 1; }) ==
                MH_OK);
        REQUIRE(rig.until([&] { return hurried.ends; }));
        CHECK(hurried.status == MH_E_TIMEOUT);
        CHECK(cancelled.ends == 0);
        CHECK(rig.outstanding() == 0);
    }

    TEST_CASE("the registry changes while a name is being resolved") {
        NameRig rig;
        rig.table_of_names["svc"] = {"127.0.0.1"};
        Peer peer(rig, serve);
        rig.nodes({"svc:" + std::to_string(peer.port)});
        Caller caller;
        REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
        rig.feed.withdraw("s", "n0");
        rig.publish();
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_OK);
        peer.join();
    }
}
