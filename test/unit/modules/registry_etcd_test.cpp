// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_etcd.hpp"
#include "modules/registry-etcd/provider.hpp"

using namespace microhost::registry_etcd;
using namespace microhost::test;

namespace {

const std::string kFolder = "/micro/registry/", kKey = kFolder + "a/a-1",
                  kA = etcd_service("a", "1", "a-1");

Settings settings(std::string addresses = "127.0.0.1:2379") {
    Settings s;
    s.addresses = std::move(addresses);
    return s;
}

/// A provider on an etcd that the test plays.
struct Rig {
    explicit Rig(Settings s = settings()) : provider(std::move(s)), table(provider.table()) {}
    FakeEtcd etcd;
    Provider provider;
    const mh_registry_provider* table;

    std::string range(int64_t revision, std::string kvs, std::string more = "") {
        return "{" + etcd_header(revision) + R"(,"kvs":[)" + kvs + "]" + more + "}";
    }
    /// Up to where changes are seen.
    void watch(int64_t revision = 10, std::string kvs = etcd_kv(kKey, kA, 5)) {
        REQUIRE(table->start(table->user) == MH_OK);
        etcd.beat(revision);
        etcd.answer(etcd.next("/kv/range"), range(revision, std::move(kvs)));
        created(revision);
    }
    void created(int64_t revision, std::string_view cluster = "7") {
        EtcdRequest& w = etcd.next("/watch");
        etcd.head(w);
        etcd.message(w, R"({"result":{)" + etcd_header(revision, cluster) + R"(,"created":true}})");
    }
    void event(std::string_view type, int64_t revision, std::string_view key = kKey,
               std::string_view value = "") {
        etcd.message(etcd.next("/watch"),
                     R"({"result":{)" + etcd_header(revision) + R"(,"events":[{"type":")" +
                         std::string(type) + R"(","kv":)" + etcd_kv(key, value, revision) + "}]}}");
    }
    void announce(uint32_t ttl_s = 60) {
        REQUIRE(table->announce(table->user, 1, mh::lend(kA), ttl_s) == MH_OK);
    }
    /// A lease, and the key under it.
    void put(int64_t lease = 77, int64_t revision = 11) {
        etcd.answer(etcd.next("/lease/grant"), "{" + etcd_header(revision) + R"(,"ID":")" +
                                                   std::to_string(lease) + R"(","TTL":"60"})");
        EtcdRequest& r = etcd.next("/kv/put");
        CHECK(r.said() ==
              "/v3/kv/put key=" + kKey + " value=" + kA + " lease=" + std::to_string(lease));
        etcd.answer(r, "{" + etcd_header(revision) + "}");
    }
    void kept(int64_t lease, int64_t ttl) {
        EtcdRequest& r = etcd.next("/lease/keepalive");
        CHECK(r.said() == "/v3/lease/keepalive ID=" + std::to_string(lease));
        etcd.answer(r, R"({"result":{)" + etcd_header(11) + R"(,"ID":")" + std::to_string(lease) +
                           (ttl ? R"(","TTL":")" + std::to_string(ttl) : std::string()) + "\"}}\n");
    }
    std::vector<std::string> told() { return std::exchange(etcd.told, {}); }
};

using Lines = std::vector<std::string>;
const std::string kTrouble =
    "trouble " + std::to_string(MH_E_UNAVAILABLE) + " etcd at 127.0.0.1:2379: ";

}  // namespace

TEST_SUITE("modules/registry-etcd") {
    TEST_CASE("a list in pages, then a watch from the revision behind it") {
        Rig rig;
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        rig.etcd.beat(10);
        EtcdRequest& first = rig.etcd.next("/kv/range");
        CHECK(first.said() == "/v3/kv/range key=/micro/registry/ limit=500");
        rig.etcd.answer(first, rig.range(10, etcd_kv(kKey, kA, 5), R"(,"more":true,"count":"2")"));
        CHECK(rig.told() == Lines{});
        EtcdRequest& second = rig.etcd.next("/kv/range");
        CHECK(second.said() == "/v3/kv/range key=" + kKey + '\0' + " limit=500 revision=10");
        const std::string b = etcd_service("b", "1", "b-1");
        rig.etcd.answer(second, rig.range(12, etcd_kv(kFolder + "b/b-1", b, 6)));
        CHECK(rig.told() == Lines{"upsert " + kA, "upsert " + b, "synced"});
        CHECK(
            rig.etcd.next("/watch").said() ==
            "/v3/watch key=/micro/registry/ start_revision=11 progress_notify=true fragment=true");
        CHECK(rig.etcd.next("/watch").timeout_ms == UINT32_MAX);
        rig.created(12);
        rig.event("PUT", 13, kKey, etcd_service("a", "1", "a-1", "10.0.0.1:2"));
        rig.event("DELETE", 14, kFolder + "b/b-1");
        CHECK(rig.told() ==
              Lines{"upsert " + etcd_service("a", "1", "a-1", "10.0.0.1:2"), "remove b 1"});
    }

    TEST_CASE("a page that is too long is asked for in halves") {
        Rig rig;
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        rig.etcd.beat(10);
        rig.etcd.fail(rig.etcd.next("/kv/range"), MH_E_LIMIT);
        CHECK(rig.etcd.next("/kv/range").said() == "/v3/kv/range key=/micro/registry/ limit=250");
    }

    TEST_CASE("a watch that breaks is resumed behind the last revision that was seen") {
        Rig rig;
        rig.watch();
        rig.event("PUT", 15, kFolder + "x", etcd_service("x", "1", "x-1"));
        rig.etcd.message(rig.etcd.next("/watch"),
                         R"({"result":{)" + etcd_header(20) + "}}");  // progress
        rig.told();
        rig.etcd.fail(rig.etcd.next("/watch"), MH_E_IO);
        rig.etcd.beat(20, 2);
        rig.etcd.pass(2000);
        CHECK(rig.etcd.next("/watch").said().find("start_revision=21 ") != std::string::npos);
        rig.created(20);
        CHECK(rig.told() == Lines{});  // nobody needs to hear of it
    }

    TEST_CASE("a watch that catches up is resumed behind what came, not behind what etcd has") {
        Rig rig;
        rig.watch();
        const auto part = [&](int64_t revision, std::string_view more) {
            rig.etcd.message(rig.etcd.next("/watch"),
                             R"({"result":{)" + etcd_header(50) + std::string(more) +
                                 R"(,"events":[{"kv":)" + etcd_kv(kKey, kA, revision) + "}]}}");
        };
        part(15, "");
        part(17, R"(,"fragment":true)");  // the rest of revision 17 has not come
        rig.etcd.fail(rig.etcd.next("/watch"), MH_E_IO);
        rig.etcd.beat(50, 1);
        rig.etcd.pass(2000);
        CHECK(rig.etcd.next("/watch").said().find("start_revision=16 ") != std::string::npos);
    }

    TEST_CASE("what etcd has forgotten is listed anew, and only what changed is told") {
        Rig rig;
        rig.watch();
        rig.told();
        rig.etcd.message(
            rig.etcd.next("/watch"),
            R"({"result":{)" + etcd_header(90) + R"(,"canceled":true,"compact_revision":"80"}})");
        rig.etcd.pass(2000);
        rig.etcd.answer(rig.etcd.next("/kv/range"),
                        rig.range(90, etcd_kv(kFolder + "b", etcd_service("b", "1", "b-1"), 70)));
        CHECK(rig.told() == Lines{"remove a 1", "upsert " + etcd_service("b", "1", "b-1")});
        CHECK(rig.etcd.next("/watch").said().find("start_revision=91 ") != std::string::npos);
    }

    TEST_CASE("a hung server: trouble, the nodes stay, and what it says later still counts") {
        Rig rig;
        rig.watch();
        rig.told();
        rig.etcd.pass(5000);
        rig.etcd.fail(rig.etcd.next("/kv/range"), MH_E_TIMEOUT);
        CHECK(rig.told() == Lines{kTrouble + "it did not answer in time"});
        rig.event("PUT", 12, kKey, etcd_service("a", "1", "a-1", "10.0.0.1:2"));
        CHECK(rig.told().size() == 1);
        rig.etcd.pass(2000);
        rig.etcd.beat(12, 1);
        CHECK(rig.etcd.next("/watch").said().find("start_revision=13 ") != std::string::npos);
        rig.created(12);
        CHECK(rig.told() == Lines{"trouble 0 "});
    }

    TEST_CASE("an etcd that was begun anew is listed anew") {
        for (const auto& [revision, cluster] : {std::pair(3, "7"), std::pair(500, "8")}) {
            Rig rig;
            rig.watch();
            rig.told();
            rig.etcd.fail(rig.etcd.next("/watch"), MH_E_IO);
            rig.etcd.beat(revision, 0, cluster);
            rig.etcd.pass(2000);
            rig.created(revision, cluster);
            rig.etcd.pass(2000);
            rig.etcd.answer(rig.etcd.next("/kv/range"), "{" + etcd_header(revision, cluster) + "}");
            CHECK(rig.told() == Lines{"remove a 1"});
            CHECK(rig.etcd.next("/watch").said().find(
                      "start_revision=" + std::to_string(revision + 1)) != std::string::npos);
        }
    }

    TEST_CASE("a watch that is silent although keys are missing is not believed") {
        Rig rig;
        rig.watch(10);
        rig.told();
        for (int i = 0; i < 3; ++i) {
            rig.etcd.pass(5000);
            rig.etcd.beat(20 + i, 5);
        }
        CHECK(rig.etcd.next("/kv/range").said() == "/v3/kv/range key=/micro/registry/ limit=500");
    }

    TEST_CASE("the next endpoint takes over without a word, and the watch goes there") {
        Rig rig(settings("a:1,b:1"));
        rig.watch();
        rig.told();
        const std::string first = rig.etcd.next("/watch").address;
        rig.etcd.pass(5000);
        CHECK(rig.etcd.next("/kv/range").address == first);
        rig.etcd.fail(rig.etcd.next("/kv/range"), MH_E_TIMEOUT);
        rig.etcd.pass(100);
        CHECK(rig.etcd.next("/kv/range").address != first);
        rig.etcd.beat(10, 1);
        CHECK(rig.etcd.next("/watch").address != first);
        CHECK(rig.told() == Lines{});
    }

    TEST_CASE("a node of ours: lease, key, and the lease kept alive at a third of its time") {
        Rig rig;
        rig.announce(60);
        CHECK_FALSE(rig.etcd.asked("/lease/grant"));  // etcd is not there yet
        rig.watch();
        CHECK(rig.etcd.next("/lease/grant").said() == "/v3/lease/grant TTL=60");
        rig.put();
        rig.etcd.pass(19'900);
        CHECK_FALSE(rig.etcd.asked("/lease/keepalive"));
        rig.etcd.pass(100);
        rig.kept(77, 60);
        rig.etcd.pass(20'000);
        rig.kept(77, 0);  // it is not known any more
        rig.put(78);
        rig.table->withdraw(rig.table->user, 1);
        CHECK(rig.etcd.next("/kv/lease/revoke").said() == "/v3/kv/lease/revoke ID=78");
        rig.etcd.pass(60'000);
        CHECK_FALSE(rig.etcd.asked("/lease/keepalive"));
    }

    TEST_CASE("a node of ours that somebody deletes comes back") {
        Rig rig;
        rig.announce();
        rig.watch();
        rig.put(77, 11);
        rig.event("PUT", 11, kKey, kA);
        rig.event("DELETE", 12);
        rig.etcd.pass(500);
        rig.kept(77, 60);  // the key alone
        rig.etcd.answer(rig.etcd.next("/kv/put"), "{" + etcd_header(13) + "}");
        rig.event("DELETE", 14);
        rig.etcd.pass(500);
        rig.kept(77, 0);  // with its lease
        rig.put(78, 15);
        rig.etcd.pass(20'000);
        rig.event("DELETE", 16);  // while the lease is kept alive
        rig.kept(78, 60);
        rig.event("DELETE", 18);  // and while the key is put
        rig.etcd.answer(rig.etcd.next("/kv/put"), "{" + etcd_header(17) + "}");
        rig.etcd.pass(2000);
        rig.kept(78, 60);
        rig.etcd.answer(rig.etcd.next("/kv/put"), "{" + etcd_header(19) + "}");
        rig.event("DELETE", 16, kFolder + "b/b-1");
        rig.etcd.pass(500);
        CHECK_FALSE(rig.etcd.asked("/lease/keepalive"));
    }

    TEST_CASE("a node of ours that a list does not have comes back, unless it was put behind it") {
        Rig rig;
        rig.announce();
        rig.watch();
        rig.put(77, 11);
        for (const int revision : {10, 12}) {
            rig.etcd.message(rig.etcd.next("/watch"),
                             R"({"result":{)" + etcd_header(revision) +
                                 R"(,"canceled":true,"compact_revision":"9"}})");
            rig.etcd.pass(2000);
            rig.etcd.answer(rig.etcd.next("/kv/range"), rig.range(revision, ""));
            rig.etcd.pass(500);
            CHECK(rig.etcd.asked("/lease/keepalive") == (revision == 12));
            if (revision == 10) rig.created(revision);
        }
    }

    TEST_CASE("what etcd does not let us write is told, and tried again") {
        Rig rig;
        rig.announce();
        rig.watch();
        rig.told();
        rig.etcd.answer(rig.etcd.next("/lease/grant"),
                        R"({"error":"etcdserver: permission denied","code":7})", 403);
        CHECK(rig.told() ==
              Lines{"trouble " + std::to_string(MH_E_UNAVAILABLE) + " etcd did not take " + kKey +
                    ": it says \"etcdserver: permission denied\""});
        rig.etcd.pass(500);
        rig.put();
        CHECK(rig.told() == Lines{"trouble 0 "});
    }

    TEST_CASE("a user gets a token first, and a new one when it is over") {
        Settings s = settings();
        s.username = "root", s.password = "pa\"ss";
        Rig rig(s);
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        CHECK_FALSE(rig.etcd.asked("/kv/range"));
        CHECK(rig.etcd.next("/auth/authenticate").body == R"({"name":"root","password":"pa\"ss"})");
        rig.etcd.answer(rig.etcd.next("/auth/authenticate"), R"({"token":"T1"})");
        CHECK(rig.etcd.next("/kv/range").token == "T1");
        rig.etcd.answer(rig.etcd.next("/kv/range"),
                        R"({"error":"etcdserver: invalid auth token","code":16})", 401);
        rig.etcd.answer(rig.etcd.next("/auth/authenticate"), R"({"token":"T2"})");
        CHECK(rig.etcd.next("/kv/range").token == "T2");
        rig.etcd.beat(10);
        rig.etcd.answer(rig.etcd.next("/kv/range"), rig.range(10, ""));
        CHECK(rig.etcd.next("/watch").token == "T2");
        // A watch says it in its own way.
        rig.etcd.head(rig.etcd.next("/watch"));
        rig.etcd.message(
            rig.etcd.next("/watch"),
            R"({"result":{)" + etcd_header(10) +
                R"(,"created":true,"canceled":true,"cancel_reason":"etcdserver: permission denied"}})");
        rig.etcd.pass(500);
        rig.etcd.answer(rig.etcd.next("/auth/authenticate"), R"({"token":"T3"})");
        while (rig.etcd.asked("/kv/range")) rig.etcd.beat(10);
        CHECK(rig.etcd.next("/watch").token == "T3");
    }

    TEST_CASE("a password that is wrong is told; an etcd without users is used without") {
        Settings s = settings();
        s.username = "root", s.password = "x";
        {
            Rig rig(s);
            REQUIRE(rig.table->start(rig.table->user) == MH_OK);
            rig.etcd.answer(
                rig.etcd.next("/auth/authenticate"),
                R"({"error":"etcdserver: authentication failed, invalid user ID or password","code":3})",
                400);
            CHECK(
                rig.told() ==
                Lines{
                    kTrouble +
                    "it says \"etcdserver: authentication failed, invalid user ID or password\""});
        }
        Rig rig(s);
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        rig.etcd.answer(rig.etcd.next("/auth/authenticate"),
                        R"({"error":"etcdserver: authentication is not enabled","code":9})", 400);
        CHECK(rig.etcd.next("/kv/range").token.empty());
    }

    TEST_CASE("an older etcd has the gateway at another place") {
        Rig rig;
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        rig.etcd.answer(rig.etcd.next("/kv/range"), "404 page not found", 404);
        CHECK(rig.etcd.next("/kv/range").target == "/v3beta/kv/range");
        rig.etcd.beat(10);
        rig.etcd.answer(rig.etcd.next("/kv/range"), rig.range(10, ""));
        CHECK(rig.etcd.next("/watch").target == "/v3beta/watch");
    }

    TEST_CASE("nonsense ends the watch, not the process") {
        for (const std::string& bad :
             {std::string("x"), std::string("{}"), std::string(17 << 20, 'x')}) {
            Rig rig;
            rig.watch();
            rig.told();
            rig.etcd.message(rig.etcd.next("/watch"), bad);
            CHECK_FALSE(rig.etcd.asked("/watch"));
            rig.etcd.pass(2000);
            CHECK(rig.etcd.asked("/watch"));
        }
    }

    TEST_CASE("the old prefix is read as well, and ready is when both are") {
        Settings s = settings();
        s.old_prefix = "/micro-registry";
        Rig rig(s);
        REQUIRE(rig.table->start(rig.table->user) == MH_OK);
        rig.etcd.beat(10);
        rig.etcd.answer(rig.etcd.next("/kv/range"), rig.range(10, ""));
        CHECK(rig.told() == Lines{});
        CHECK(rig.etcd.next("/kv/range").said() == "/v3/kv/range key=/micro-registry/ limit=500");
        rig.etcd.answer(rig.etcd.next("/kv/range"),
                        rig.range(10, etcd_kv("/micro-registry/a/a-1", kA, 5)));
        CHECK(rig.told() == Lines{"upsert " + kA, "synced"});
    }

    TEST_CASE("a stop ends everything, and leaves what was not withdrawn to the next generation") {
        Rig rig;
        rig.announce();
        rig.watch();
        rig.put();
        rig.table->announce(rig.table->user, 2, mh::lend(etcd_service("b", "1", "b-1")), 60);
        rig.etcd.answer(rig.etcd.next("/lease/grant"),
                        "{" + etcd_header(12) + R"(,"ID":"78","TTL":"60"})");
        rig.etcd.answer(rig.etcd.next("/kv/put"), "{" + etcd_header(12) + "}");
        rig.table->withdraw(rig.table->user, 1);
        rig.table->stop(rig.table->user);
        CHECK_FALSE(rig.etcd.asked("/watch"));
        CHECK(rig.etcd.next("/kv/lease/revoke").said() == "/v3/kv/lease/revoke ID=77");
        rig.etcd.answer(rig.etcd.next("/kv/lease/revoke"), "{" + etcd_header(12) + "}");
        rig.etcd.pass(60'000);
        for (const EtcdRequest& r : rig.etcd.requests) CHECK(r.over);
    }
}
