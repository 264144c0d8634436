// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/proxy/service_record.hpp"
#include "modules/proxy/settings.hpp"
#include "modules/shared/admin_listener.hpp"
#include "modules/shared/command_text.hpp"
#include "modules/shared/page_guard.hpp"
#include "modules/shared/tokens.hpp"

using namespace microhost::proxy;
using namespace microhost::shared;
using microhost::test::kJsonTable;

namespace {

/// The glue's table of JSON, as long as a test runs.
struct WithJson {
    WithJson() { mh::the_table<mh_json> = &kJsonTable; }
    ~WithJson() { mh::the_table<mh_json> = nullptr; }
};

std::string refusal(std::string_view body) {
    std::vector<ServiceRecord> records;
    std::string why;
    return read_service(body, records, why) ? "" : why;
}

}  // namespace

TEST_SUITE("modules/proxy") {
    TEST_CASE("the name of a Host field") {
        const std::pair<const char*, const char*> rows[] = {
            {"localhost", "localhost"},
            {"LocalHost:8081", "localhost"},
            {"127.0.0.1:80", "127.0.0.1"},
            {"[::1]:8081", "::1"},
            {"[::1]", "::1"},
            {"::1", "::1"},
            {"proxy.lan.:1", "proxy.lan"},
            {"[::1", ""},
            {"", ""},
            {"a:b:c", "a:b:c"},
        };
        for (const auto& row : rows) CHECK(host_name(row.first) == row.second);
    }

    TEST_CASE("loopback by name and by address, and nothing that only begins so") {
        for (const char* is :
             {"localhost", "a.b.localhost", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
            CHECK_MESSAGE(is_loopback_name(is), is);
        for (const char* is_not :
             {"", "localhost.evil.example", "evil-localhost", "127.0.0.1.nip.io", "128.0.0.1",
              "::2", "0.0.0.0", "2130706433", "127.1"})
            CHECK_MESSAGE(!is_loopback_name(is_not), is_not);
    }

    TEST_CASE("which addresses of a listener are reached from this machine only") {
        for (const char* is : {"127.0.0.1:8081", "[::1]:0", "localhost:1", "unix:/run/p"})
            CHECK_MESSAGE(is_loopback_address(is), is);
        for (const char* is_not : {":8081", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "box.lan:1"})
            CHECK_MESSAGE(!is_loopback_address(is_not), is_not);
    }

    TEST_CASE("names and origins that are let in") {
        PageGuard guard;
        std::string wrong;
        REQUIRE(guard.allow_hosts(" Proxy.lan, b.lan:8081 ", wrong));
        REQUIRE(guard.allow_origins("https://a.example, https://*.b.example", wrong));
        for (const char* name : {"proxy.lan", "PROXY.LAN:1", "b.lan", "127.0.0.1", "192.0.2.1:80"})
            CHECK_MESSAGE(guard.host_allowed(name, "192.0.2.1"), name);
        for (const char* name : {"c.lan", "a.proxy.lan", "192.0.2.2", "[2001:db8::1]"})
            CHECK_MESSAGE(!guard.host_allowed(name, "192.0.2.1"), name);
        CHECK(guard.host_allowed("[2001:DB8::1]:1", "2001:db8:0::1"));
        CHECK(guard.origin_allowed("https://a.example"));
        CHECK(guard.origin_allowed("https://x.b.example"));
        CHECK(!guard.origin_allowed("http://a.example"));
        CHECK(!guard.origin_allowed("null"));
        CHECK(guard.fetch_allowed("cross-site", "https://a.example"));
        CHECK(!guard.fetch_allowed("cross-site", ""));
        CHECK(!guard.fetch_allowed("whatever-comes", ""));
        CHECK(guard.fetch_allowed("none", ""));
        for (const char* bad : {"*", "a/b", "a b"}) {
            wrong.clear();
            CHECK(!guard.allow_hosts(bad, wrong));
            CHECK(wrong == bad);
        }
        wrong.clear();
        CHECK(!guard.allow_origins("*", wrong));
    }

    TEST_CASE("tokens, their bearers and what these may") {
        const Tokens tokens(
            "# comment\n\n  a-token  anna  viewer,auditor \r\nb ben\nc carla admin\n");
        REQUIRE(tokens.size() == 3);
        const Tokens::Entry* anna = tokens.find("a-token");
        REQUIRE(anna);
        CHECK(anna->subject == "anna");
        CHECK(anna->roles == std::vector<std::string>{"viewer", "auditor"});
        CHECK(anna->role == Role::viewer);
        CHECK(tokens.find("b")->role == Role::operator_);
        CHECK(tokens.find("c")->role == Role::admin);
        for (const char* none : {"", "a", "a-token ", "#", "comment", "anna"})
            CHECK(!tokens.find(none));
        CHECK(bearer_token("Bearer x") == "x");
        CHECK(bearer_token("bearer  x ") == "x");
        CHECK(bearer_token("Basic x").empty());
        CHECK(bearer_token("Bearer").empty());
    }

    TEST_CASE("more lines than tokens may be are left out") {
        std::string text;
        for (size_t i = 0; i < Tokens::kMost + 10; ++i) text += 't' + std::to_string(i) + '\n';
        const Tokens tokens(text);
        CHECK(tokens.size() == Tokens::kMost);
    }

    TEST_CASE("Go's durations") {
        const std::pair<const char*, int64_t> good[] = {
            {"10s", 10'000}, {"1m30s", 90'000}, {"500ms", 500}, {"1.5h", 5'400'000}, {"1ns", 1}};
        for (const auto& row : good) {
            REQUIRE_MESSAGE(go_duration(row.first), row.first);
            CHECK(go_duration(row.first)->count() == row.second);
        }
        for (const char* bad : {"", "10", "s", "-1s", "0s", "1x", "1s ", ".s", "1s1",
                                "99999999999999999999h", "1..5s"})
            CHECK_MESSAGE(!go_duration(bad), bad);
    }

    TEST_CASE("a service in any spelling becomes one record for each node") {
        const WithJson json;
        std::vector<ServiceRecord> records;
        std::string why;
        REQUIRE(read_service(
            R"({"NAME":"a","Version":"1","Metadata":{"Key":"V"},"Endpoints":[{"Name":"E.M",
            "Request":{"Name":"R","Type":"R","Values":null},"Metadata":{"Stream":"true"}}],
            "Nodes":[{"Id":"a-1","Address":"b","Port":1},{"id":"a-2","address":"b:2"}]})",
            records, why));
        REQUIRE(records.size() == 2);
        CHECK(records[0].node == "a-1");
        CHECK(records[0].version == "1");
        CHECK(records[0].json ==
              R"({"name":"a","version":"1","metadata":{"Key":"V"},"endpoints":[{"name":"E.M",)"
              R"("request":{"name":"R","type":"R","values":null},"metadata":{"Stream":"true"}}],)"
              R"("nodes":[{"id":"a-1","address":"b","port":1}]})");
        CHECK(records[1].json.ends_with(R"("nodes":[{"id":"a-2","address":"b:2"}]})"));
    }

    TEST_CASE("what is no service says why") {
        const WithJson json;
        CHECK(refusal("") == "the body is no JSON");
        CHECK(refusal(R"({"name":1,"nodes":[]})") ==
              "name: is missing: write the name of the service");
        CHECK(refusal(R"({"name":"a","nodes":[1]})") == "nodes[0].id: is missing");
        CHECK(refusal(R"({"name":"a","nodes":[{"id":"a","address":"b:"}]})").find("no port") !=
              std::string::npos);
        std::string many = R"({"name":"a","nodes":[)";
        for (size_t i = 0; i <= kMostNodes; ++i) many += R"({"id":"a","address":"b:1"},)";
        many.back() = ']';
        CHECK(refusal(many + '}') == "nodes: at most 256 at once");
        std::string fat =
            R"({"name":"a","metadata":{"k":")" + std::string(100'000, 'x') + R"("},"nodes":[)";
        for (size_t i = 0; i < 50; ++i) fat += R"({"id":"a","address":"b:1"},)";
        fat.back() = ']';
        CHECK(refusal(fat + '}') == "nodes: too many for endpoints of this size");
    }

    TEST_CASE("the name of a command from a path") {
        std::string name;
        CHECK(command_name("", name));
        CHECK(name.empty());
        CHECK(command_name("/modules/list", name));
        CHECK(name == "modules list");
        for (const char* bad : {"/Modules", "/a b", "/a\"b", "/a/..;"})
            CHECK(!command_name(bad, name));
    }

    TEST_CASE("arguments of a command as text") {
        const WithJson json;
        CommandBody body;
        std::string why;
        REQUIRE(read_command(
            R"({"args":{"s":"a b","n":12,"t":true,"d":1.5,"l":["x",2],"j":{"k":[1, 2]},"z":null},"timeout_ms":250})",
            body, why));
        using Pair = std::pair<std::string, std::string>;
        CHECK(body.args == std::vector<Pair>{{"s", "a b"},
                                             {"n", "12"},
                                             {"t", "true"},
                                             {"d", "1.5"},
                                             {"l", "x"},
                                             {"l", "2"},
                                             {"j", R"({"k":[1, 2]})"}});
        CHECK(body.timeout_ms == 250);
        CHECK(!read_command(R"({"timeout_ms":4294967296})", body, why));
        CHECK(!read_command("[]", body, why));
    }

    TEST_CASE("output of a command as lines") {
        const WithJson json;
        std::string out;
        const mh_str names[] = {mh::lend("id"), mh::lend("took")};
        append_columns(out, names, 2);
        mh_cell cells[2]{};
        cells[0].text = mh::lend("api");
        cells[1].type = MH_TYPE_DURATION;
        cells[1].integer = 1500;
        cells[1].text = mh::lend("1.5 s");
        append_row(out, cells, 2);
        append_text(out, "a\n");
        append_json(out, "[1]");
        append_note(out, "a is b");
        append_end(out, 1, "it failed");
        CHECK(out ==
              "{\"columns\":[\"id\",\"took\"]}\n"
              "{\"row\":[\"api\",{\"text\":\"1.5 s\",\"value\":1500}]}\n"
              "{\"text\":\"a\\n\"}\n{\"json\":[1]}\n{\"note\":\"a is b\"}\n{\"error\":\"it "
              "failed\"}\n{\"end\":{\"exit\":1}}\n");
    }
    TEST_CASE("JSON in a cell stays on its line, an object is told from a text with a value") {
        const WithJson json;
        std::string out;
        mh_cell cells[3]{};
        cells[0].type = cells[1].type = cells[2].type = MH_TYPE_JSON;
        cells[0].text = mh::lend("{\"a\":\n1}");
        cells[1].text = mh::lend("{broken");
        cells[2].text = mh::lend("[1]");
        append_row(out, cells, 3);
        CHECK(std::count(out.begin(), out.end(), '\n') == 1);
        CHECK(out.find("\"value\":{\"a\": 1}") != std::string::npos);
        CHECK(out.ends_with("\"value\":null},[1]]}\n"));
    }
}
