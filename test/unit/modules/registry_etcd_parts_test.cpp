// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_etcd.hpp"
#include "modules/registry-etcd/catalogue.hpp"
#include "modules/registry-etcd/codec.hpp"
#include "modules/registry-etcd/endpoints.hpp"
#include "modules/registry-etcd/splitter.hpp"

using namespace microhost::registry_etcd;
using namespace microhost::test;

namespace {

std::string parsed(std::string_view list, bool tls = false) {
    std::string out;
    try {
        for (const Endpoint& e : parse_endpoints(list, tls))
            out += e.address + (e.tls ? " tls, " : ", ");
    } catch (const mh::failure& f) {
        return std::string("refused: ") + f.what();
    }
    return out;
}

/// A catalogue that writes down what it tells.
struct Told {
    FakeEtcd fake;  // for the JSON parser
    std::vector<std::string> lines;
    std::string refuse;
    Catalogue catalogue{{[this](const std::string& json) -> mh_status {
                             if (!refuse.empty() && json.find(refuse) != json.npos)
                                 return MH_E_INVALID;
                             return lines.push_back(json), MH_OK;
                         },
                         [this](std::string_view name, std::string_view version) -> mh_status {
                             lines.push_back("remove " + std::string(name) + " " +
                                             std::string(version));
                             return MH_OK;
                         },
                         [this](const std::string& text) { lines.push_back(text); }}};
    int64_t revision = 1;

    void put(std::string_view key, std::string_view value) {
        catalogue.put("/m/" + std::string(key), value, ++revision);
    }
    std::vector<std::string> flushed() {
        catalogue.flush();
        return std::exchange(lines, {});
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("modules/registry-etcd") {
    TEST_CASE("addresses: several, with and without port and scheme") {
        CHECK(parsed("127.0.0.1") == "127.0.0.1:2379, ");
        CHECK(parsed(" etcd-1:23790 ,, [::1]") == "etcd-1:23790, [::1]:2379, ");
        CHECK(parsed("http://a, https://b:1/", true) == "a:2379, b:1 tls, ");
        CHECK(parsed("a", true) == "a:2379 tls, ");
        for (const char* bad : {"", " , ", "a:b", "a:70000", "a:0", "::1", "ftp://a", "a/b",
                                "user@a", "a b", "https://", "[::1"})
            CHECK(parsed(bad).starts_with("refused: addresses: "));
    }

    TEST_CASE("the next endpoint is tried at once, and a whole round that failed waits") {
        Endpoints endpoints({{"a:1"}, {"b:1"}, {"c:1"}});
        const size_t first = endpoints.current();
        CHECK(endpoints.failed().count() == 0);
        CHECK(endpoints.current() == (first + 1) % 3);
        CHECK(endpoints.failed().count() == 0);
        CHECK_FALSE(endpoints.exhausted());
        int64_t longest = 0;
        for (int i = 0; i < 300; ++i)
            longest = std::max<int64_t>(longest, endpoints.failed().count());
        CHECK(endpoints.exhausted());
        CHECK(longest <= 2000);
        CHECK(longest > 200);
        endpoints.succeeded();
        CHECK_FALSE(endpoints.exhausted());
    }

    TEST_CASE("keys are Micro's") {
        CHECK(key_of("/micro/registry/", "go.micro.srv.greeter", "go.micro.srv.greeter-1") ==
              "/micro/registry/go.micro.srv.greeter/go.micro.srv.greeter-1");
        CHECK(key_of("/micro/registry/", "a/b", "c/d/e") == "/micro/registry/a-b/c-d-e");
        CHECK(range_end("/micro/registry/") == "/micro/registry0");
        CHECK(range_end("a\xff") == "b");
        CHECK(range_end("\xff") == std::string(1, '\0'));
    }

    TEST_CASE("a captured answer of etcd is read") {
        FakeEtcd fake;
        const mh::json_document answer(
            R"({"header":{"cluster_id":"12101053776118486841","member_id":"15985099378392235387","revision":"80","raft_term":"3"},"kvs":[{"key":"L21pY3JvL3JlZ2lzdHJ5L2dvLm1pY3JvLnNydi5taW5pbWFsL2dvLm1pY3JvLnNydi5taW5pbWFsLTE=","create_revision":"80","mod_revision":"80","version":"1","value":"eyJuYW1lIjoiZ28ubWljcm8uc3J2Lm1pbmltYWwiLCJ2ZXJzaW9uIjoiMSIsIm1ldGFkYXRhIjpudWxsLCJlbmRwb2ludHMiOm51bGwsIm5vZGVzIjpbeyJpZCI6ImdvLm1pY3JvLnNydi5taW5pbWFsLTEiLCJhZGRyZXNzIjoiMTI3LjAuMC4xOjE4NTAxIiwibWV0YWRhdGEiOnsicHJvdG9jb2wiOiJtdWNwIn19XX0=","lease":"9041998837714449412"}],"count":"1"})");
        const auto range = read_range(answer.root());
        REQUIRE(range);
        CHECK(range->header.cluster == "12101053776118486841");
        CHECK(range->header.revision == 80);
        CHECK(range->count == 1);
        REQUIRE(range->kvs.size() == 1);
        CHECK(range->kvs[0].key == "/micro/registry/go.micro.srv.minimal/go.micro.srv.minimal-1");
        CHECK(range->kvs[0].mod_revision == 80);
        CHECK(mh::json_document(range->kvs[0].value).root()["version"].string() == "1");
    }

    TEST_CASE("what etcd would not say is refused") {
        FakeEtcd fake;
        const auto watched = [](std::string_view events) {
            return read_watch(R"({"result":{"header":{"revision":"5"},"events":)" +
                              std::string(events) + "}}");
        };
        CHECK(watched("[]").has_value());
        CHECK(watched(R"([{"kv":{"key":"QQ==","mod_revision":"5"}}])").has_value());
        CHECK(watched(R"([{"type":"DELETE","kv":{"key":"QQ==","mod_revision":5}}])")
                  ->events[0]
                  .deleted);
        for (const char* bad :
             {R"([{"kv":{"key":"QQ","mod_revision":"5"}}])",    // no padding
              R"([{"kv":{"key":"QR==","mod_revision":"5"}}])",  // bits that no byte has
              R"([{"kv":{"key":"Q Q=","mod_revision":"5"}}])", R"([{"kv":{"key":1}}])",
              R"([{"kv":{}}])", R"([{"kv":{"key":"QQ==","mod_revision":"5x"}}])",
              R"([{"kv":{"key":"QQ==","mod_revision":"-5"}}])",
              R"([{"type":"OTHER","kv":{"key":"QQ=="}}])", R"([1])", R"({})"})
            CHECK_FALSE(watched(bad).has_value());
        CHECK_FALSE(read_watch("{}").has_value());
        CHECK_FALSE(read_watch("no JSON").has_value());
        CHECK(read_watch(R"({"error":{"grpc_code":14,"message":"gone"}})")->reason == "gone");
    }

    TEST_CASE("a stream is cut into messages, however it comes") {
        const std::string text = "{\"a\":1}\n\n {\"b\":2}\r\n{\"c\":3}\nrest";
        for (size_t step = 1; step <= text.size(); ++step) {
            Splitter splitter(16);
            std::string got;
            for (size_t at = 0; at < text.size(); at += step)
                REQUIRE(
                    splitter.feed(std::string_view(text).substr(at, step), [&](std::string_view m) {
                        got += "<" + std::string(m.substr(0, m.find_last_not_of("\r") + 1)) + ">";
                        return true;
                    }));
            CHECK(got == "<{\"a\":1}>< {\"b\":2}><{\"c\":3}>");
            CHECK(splitter.rest() == "rest");
        }
        Splitter splitter(4);
        const auto any = [](std::string_view) { return true; };
        CHECK(splitter.feed("1234\n", any));
        CHECK(splitter.feed("12", any));
        CHECK_FALSE(splitter.feed("345", any));
    }

    TEST_CASE("nodes of one name and version are one service, told when it changes and only then") {
        Told told;
        told.put("a/1", etcd_service("a", "1", "a-1"));
        told.put("a/2", etcd_service("a", "1", "a-2"));
        told.put("b/1", etcd_service("b", "", "b-1"));
        const std::string
            one = R"({"id":"a-1","address":"127.0.0.1:1","metadata":{"protocol":"mucp"}})",
            two = R"({"id":"a-2","address":"127.0.0.1:1","metadata":{"protocol":"mucp"}})",
            a = R"({"name":"a","version":"1","metadata":null,"endpoints":null,"nodes":[)";
        CHECK(told.flushed() == Lines{a + one + "," + two + "]}", etcd_service("b", "", "b-1")});
        told.put("a/1", etcd_service("a", "1", "a-1"));
        CHECK(told.flushed() == Lines{});
        told.put("a/1", etcd_service("a", "1", "a-1") + " ");  // the same to everybody
        CHECK(told.flushed() == Lines{});
        told.catalogue.erase("/m/a/2");
        told.catalogue.erase("/m/never");
        CHECK(told.flushed() == Lines{a + one + "]}"});
        told.catalogue.erase("/m/a/1");
        told.catalogue.erase("/m/b/1");
        CHECK(told.flushed() == Lines{"remove a 1", "remove b "});
        CHECK(told.catalogue.count("/m/") == 0);
    }

    TEST_CASE("a node that comes with another version leaves the one before first") {
        Told told;
        told.put("a/1", etcd_service("a", "1", "a-1"));
        told.flushed();
        told.put("a/1", etcd_service("a", "0", "a-1"));
        CHECK(told.flushed() == Lines{"remove a 1", etcd_service("a", "0", "a-1")});
        told.put("a/1", etcd_service("a", "2", "a-1"));
        CHECK(told.flushed() == Lines{"remove a 0", etcd_service("a", "2", "a-1")});
    }

    TEST_CASE("the newest node says what the endpoints are") {
        Told told;
        const std::string older =
            R"({"name":"a","version":"1","metadata":{"x":"1"},"endpoints":[{"name":"Say.Hello"}],"nodes":[{"id":"1","address":"h:1"}]})";
        told.put("a/2", etcd_service("a", "1", "a-2"));
        told.put("a/1", older);
        const Lines both = told.flushed();
        CHECK(both[0].find(R"("metadata":{"x":"1"},"endpoints":[{"name":"Say.Hello"}])") !=
              std::string::npos);
        told.put("a/3", etcd_service("a", "1", "a-3"));
        CHECK(told.flushed()[0].find(R"("metadata":null,"endpoints":null)") != std::string::npos);
    }

    TEST_CASE("values that are no service are passed over, with one warning each") {
        Told told;
        for (const char* bad :
             {"", "x", "[]", R"({"nodes":[]})", R"({"name":1,"nodes":[{"id":"1"}]})",
              R"({"name":"a","nodes":[{"id":"1"},{"id":"2"}]})", R"({"name":"a","nodes":[{}]})",
              R"({"name":"a","version":2,"nodes":[{"id":"1"}]})"}) {
            told.put("k", bad);
            const Lines said = told.flushed();
            CAPTURE(bad);
            REQUIRE(said.size() == 1);
            CHECK(said[0].starts_with("etcd's key /m/k is passed over: "));
            told.put("k", bad);
            CHECK(told.flushed() == Lines{});
        }
        told.put("k", etcd_service("a", "1", "a-1"));
        CHECK(told.flushed() == Lines{etcd_service("a", "1", "a-1")});
        told.put("k", "broken again");
        CHECK(told.flushed().size() == 2);  // the warning, and the end of the service
        for (int i = 0; i < 300; ++i) told.put("n" + std::to_string(i), "x");
        CHECK(told.flushed().size() < 30);
    }

    TEST_CASE("one node that the host does not take does not hold back the others") {
        Told told;
        told.put("a/1", etcd_service("a", "1", "a-1"));
        told.flushed();
        told.refuse = "bad:address";
        told.put("a/2", etcd_service("a", "1", "a-2", "bad:address"));
        told.put("a/3", etcd_service("a", "1", "a-3"));
        const Lines said = told.flushed();
        CHECK(said.back().find("a-3") != std::string::npos);
        CHECK(said.back().find("a-1") != std::string::npos);
        CHECK(std::count_if(said.begin(), said.end(), [](const std::string& s) {
                  return s.starts_with("etcd's key /m/a/2 is passed over");
              }) == 1);
        told.put("a/2", etcd_service("a", "1", "a-2"));
        CHECK(told.flushed().back().find("a-2") != std::string::npos);
    }

    TEST_CASE("what the host has no room for comes the next time") {
        FakeEtcd fake;
        mh_status s = MH_E_BUSY;
        int told = 0;
        Catalogue catalogue({[&](const std::string&) { return ++told, s; },
                             [&](std::string_view, std::string_view) { return ++told, s; },
                             nullptr});
        catalogue.put("/m/a", etcd_service("a", "1", "a-1"), 1);
        catalogue.flush();
        s = MH_OK;
        catalogue.flush();
        catalogue.flush();
        CHECK(told == 2);
        s = MH_E_BUSY;
        catalogue.erase("/m/a");
        catalogue.flush();
        s = MH_OK;
        catalogue.flush();
        catalogue.flush();
        CHECK(told == 4);
    }

    TEST_CASE("what is not in a new list is gone, elsewhere it stays") {
        Told told;
        told.put("a/1", etcd_service("a", "1", "a-1"));
        told.catalogue.put("/old/b", etcd_service("b", "1", "b-1"), 1);
        told.put("c/1", etcd_service("c", "1", "c-1"));
        told.flushed();
        told.catalogue.begin_list("/m/");
        told.put("c/1", etcd_service("c", "1", "c-1"));
        told.catalogue.begin_list("/old/");  // two at a time
        told.catalogue.put("/old/b", etcd_service("b", "1", "b-1"), 1);
        told.catalogue.end_list("/old/");
        told.catalogue.end_list("/m/");
        CHECK(told.flushed() == Lines{"remove a 1"});
        CHECK(told.catalogue.count("/m/") == 1);
        CHECK(told.catalogue.count("/old/") == 1);
    }
}
