// SPDX-License-Identifier: Apache-2.0
#include "registry/model_json.hpp"

#include "json/document.hpp"

#include <doctest/doctest.h>

using namespace microhost::registry;
namespace json = microhost::json;

namespace {

microhost::Result<Service> read(std::string_view text) {
    auto doc = json::Document::parse(text);
    REQUIRE(doc.has_value());
    return service_from_json(doc->root());
}

std::string write(const Service& service) {
    std::string text;
    json::Writer out(text, {.go = true});
    write_json(out, service);
    return text;
}

// As a Micro 1.18 service wrote it to etcd, but for `"metadata":{}` of endpoints, which is null here.
constexpr std::string_view kGreeter =
    R"({"name":"go.micro.srv.greeter","version":"1.2.3","metadata":null,"endpoints":[{"name":"Say.Hello",)"
    R"("request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},)"
    R"("response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},)"
    R"("metadata":null},{"name":"Say.Stream","request":{"name":"Context","type":"Context","values":null},)"
    R"("response":{"name":"Stream","type":"Stream","values":null},"metadata":{"stream":"true"}}],)"
    R"("nodes":[{"id":"go.micro.srv.greeter-greeter-1","address":"127.0.0.1:18102","metadata":{"broker":"http",)"
    R"("protocol":"mucp","region":"test","registry":"etcd","server":"mucp","transport":"http"}}]})";

}  // namespace

TEST_SUITE("host/registry/model") {
    TEST_CASE("a service that Micro wrote reads completely and writes back byte for byte") {
        auto s = read(kGreeter);
        REQUIRE(s.has_value());
        CHECK(s->name == "go.micro.srv.greeter");
        CHECK(s->version == "1.2.3");
        REQUIRE(s->endpoints.size() == 2);
        REQUIRE(s->endpoints[0].request);
        CHECK(s->endpoints[0].request->values[0].name == "name");
        CHECK(s->endpoints[0].request->values[0].type == "string");
        CHECK(get(s->endpoints[1].metadata, "stream") == "true");
        REQUIRE(s->nodes.size() == 1);
        CHECK(s->nodes[0].protocol() == Protocol::mucp);
        CHECK(write(*s) == kGreeter);
    }

    TEST_CASE("nil slices and maps are null, as Go writes them") {
        CHECK(write({.name = "a"}) ==
              R"({"name":"a","version":"","metadata":null,"endpoints":null,"nodes":null})");
        Endpoint e{.name = "E"};
        CHECK(write({.name = "a", .endpoints = {e}})
                  .find(R"({"name":"E","request":null,"response":null,"metadata":null})") !=
              std::string::npos);
    }

    TEST_CASE("null, absent and empty read alike, unknown members are ignored") {
        for (const char* text :
             {R"({"name":"a"})", R"({"name":"a","metadata":{},"endpoints":[],"nodes":[]})",
              R"({"name":"a","metadata":null,"endpoints":null,"nodes":null,"x":[1]})"}) {
            CAPTURE(text);
            auto s = read(text);
            REQUIRE(s.has_value());
            CHECK(*s == Service{.name = "a"});
        }
    }

    TEST_CASE("a node of Micro 1.1 with a separate port gets host:port") {
        auto s = read(R"({"name":"a","nodes":[{"id":"a-1","address":"10.0.0.1","port":8080}]})");
        REQUIRE(s.has_value());
        CHECK(s->nodes[0].address == "10.0.0.1:8080");
        CHECK(s->nodes[0].protocol() == Protocol::legacy);
    }

    TEST_CASE("what is wrong is said with its place") {
        struct Row {
            const char* text;
            const char* error;
        };
        for (const Row& row : {
                 Row{R"([])", "a service must be an object"},
                 {R"({})", "name: is missing"},
                 {R"({"name":7})", "name: is a number, must be a string"},
                 {R"({"name":"a\r\nb"})", "name: has control characters"},
                 {R"({"name":"a","version":1})", "version: is a number"},
                 {R"({"name":"a","metadata":[]})", "metadata: is an array"},
                 {R"({"name":"a","metadata":{"k":1}})", "metadata.k: is a number"},
                 {R"({"name":"a","nodes":{}})", "nodes: is an object, must be an array"},
                 {R"({"name":"a","nodes":[1]})", "nodes[0]: must be an object"},
                 {R"({"name":"a","nodes":[{"id":"x","address":"h:1"},{}]})",
                  "nodes[1].id: is missing"},
                 {R"({"name":"a","nodes":[{"id":"x","address":"h"}]})", "nodes[0].address: "},
                 {R"({"name":"a","nodes":[{"id":"x","address":"h","port":70000}]})",
                  "nodes[0].port: "},
                 {R"({"name":"a","nodes":[{"id":"x","address":"h","port":"80"}]})",
                  "nodes[0].port: "},
                 {R"({"name":"a","endpoints":[{"name":"E\n"}]})", "endpoints[0].name: has control"},
                 {R"({"name":"a","endpoints":[{"name":"E","request":[]}]})",
                  "endpoints[0].request: is an array"},
                 {R"({"name":"a","endpoints":[{"request":{"values":[{"name":1}]}}]})",
                  "endpoints[0].request.values[0].name: "},
             }) {
            CAPTURE(row.text);
            auto s = read(row.text);
            REQUIRE_FALSE(s.has_value());
            CHECK(s.error().what.find(row.error) == 0);
        }
    }

    TEST_CASE("the protocol of a node is its metadata's") {
        struct Row {
            Metadata metadata;
            Protocol protocol;
        };
        for (const Row& row :
             {Row{{}, Protocol::legacy}, Row{{{"protocol", "mucp"}}, Protocol::mucp},
              Row{{{"protocol", "grpc"}}, Protocol::grpc},
              Row{{{"protocol", "http"}}, Protocol::http},
              Row{{{"protocol", "quic"}}, Protocol::unknown}}) {
            CHECK(Node{"x", "h:1", row.metadata}.protocol() == row.protocol);
        }
        CHECK(Node{"x", "h:1", {{"topic", "t"}}}.is_broker());
        CHECK_FALSE(Node{"x", "h:1", {{"broker", "http"}}}.is_broker());
    }
}
