// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/api/openapi.hpp"

using microhost::test::FakeHost;
using microhost::test::Json;
using microhost::test::Request;

namespace {

constexpr const char* kGreeter = R"({"name":"go.micro.srv.greeter","version":"1","endpoints":[],
    "nodes":[{"id":"n","address":"127.0.0.1:18101"}]})";

}  // namespace

TEST_SUITE("modules/api") {
    TEST_CASE("the root tells the version, with Micro's CORS headers") {
        FakeHost host;
        Request r("GET", "/");
        host.run(r);
        CHECK(r.reply.status == 200);
        CHECK(r.reply.body == R"({"version": "0.1.0"})");
        CHECK(r.reply.header("Access-Control-Allow-Origin") == "*");
        CHECK(r.reply.header("Access-Control-Allow-Methods") ==
              "POST, PATCH, GET, OPTIONS, PUT, DELETE");
        CHECK(r.reply.header("Access-Control-Allow-Headers") ==
              "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization");
        Request icon("GET", "/favicon.ico");
        host.run(icon);
        CHECK(icon.reply.status == 200);
        CHECK(icon.reply.body.empty());
    }

    TEST_CASE("without cors an OPTIONS request goes to the service, with it the gateway answers") {
        const auto preflight = [](FakeHost& host, const char* origin) {
            Request r("OPTIONS", "/greeter/say/hello");
            r.header("Origin", origin).header("Access-Control-Request-Method", "POST");
            host.run(r);
            return r.reply;
        };
        FakeHost off;
        preflight(off, "http://x");
        CHECK(off.calls.size() == 1);
        FakeHost any(R"({"cors":"*"})");
        auto reply = preflight(any, "http://x");
        CHECK(any.calls.empty());
        CHECK(reply.status == 200);
        CHECK(reply.header("Access-Control-Allow-Origin") == "*");
        CHECK(reply.header("Access-Control-Allow-Credentials") == "(none)");
        FakeHost listed(R"({"cors":"http://a, http://b"})");
        reply = preflight(listed, "http://b");
        CHECK(reply.header("Access-Control-Allow-Origin") == "http://b");
        CHECK(reply.header("Access-Control-Allow-Credentials") == "true");
        CHECK(reply.header("Vary") == "Origin");
        CHECK(preflight(listed, "http://evil").header("Access-Control-Allow-Origin") == "(none)");
        Request r("GET", "/greeter/say/hello");
        r.header("Origin", "http://a");
        listed.run(r);
        CHECK(r.reply.header("Access-Control-Allow-Origin") == "http://a");
    }

    TEST_CASE("/rpc is a service like any other until it is enabled") {
        FakeHost host;
        Request r("POST", "/rpc");
        host.run(r);
        CHECK(host.calls.at(0).service == "go.micro.api.rpc");
    }

    TEST_CASE("/rpc takes JSON and forms as Micro does") {
        struct Row {
            const char *type, *body;
            uint32_t status;
            const char* result;  ///< the request that was sent, or the detail of the error
        };
        const char* json = "application/json";
        const char* form = "application/x-www-form-urlencoded";
        const Row rows[] = {
            {json,
             R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello","request":{"name":"John"}})",
             200, R"({"name":"John"})"},
            {json,
             R"({"Service":"go.micro.srv.greeter","METHOD":"Say.Hello","Request":{"n":12345678901234567}})",
             200, R"({"n":12345678901234567})"},
            {json,
             R"({"service":"go.micro.srv.greeter","method":"Say.Hello","request":"{\"name\":\"J\"}"})",
             200, R"({"name":"J"})"},
            {json, R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello"})", 200, "null"},
            {json,
             R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello","address":"127.0.0.1:18101"})",
             200, "null"},
            {form,
             "service=go.micro.srv.greeter&endpoint=Say.Hello&request=%7B%22name%22%3A%22John%22%"
             "7D",
             200, R"({"name":"John"})"},
            {form, "service=go.micro.srv.greeter&method=Say.Hello&request={}", 200, "{}"},
            {form, "service=go.micro.srv.greeter&method=Say.Hello", 400,
             "error decoding request string: EOF"},
            {form, "service=go.micro.srv.greeter&method=Say.Hello&request={", 400,
             "error decoding request string: it is no JSON"},
            {json, "{bad", 400, "the body is no JSON"},
            {json, "{}", 400, "invalid service"},
            {json, R"({"service":"go.micro.srv.greeter"})", 400, "invalid endpoint"},
            {json, R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello","request":"{"})",
             400, "error decoding request string: it is no JSON"},
            {json,
             R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello","address":"169.254.169.254:80"})",
             400, "invalid address: it is no node of the service"},
            {json, R"({"service":"go.micro.srv.greeter","endpoint":"Debug.Health"})", 403,
             "Debug endpoints cannot be called from outside"},
        };
        for (const Row& row : rows) {
            FakeHost host(R"({"enable_rpc":true})");
            host.add_service(kGreeter);
            Request r("POST", "/rpc");
            r.header("Content-Type", row.type).body(row.body);
            host.run(r);
            CHECK_MESSAGE(r.reply.status == row.status, row.body);
            CHECK(r.reply.header("Content-Type") == "application/json");
            if (row.status == 200) {
                CHECK_MESSAGE(host.calls.at(0).body == row.result, row.body);
                CHECK(r.reply.body == R"({"msg":"Hello John"})");
            } else {
                CHECK_MESSAGE(r.reply.body.starts_with(R"({"id":"go.micro.rpc")"), r.reply.body);
                CHECK_MESSAGE(r.reply.body.find(row.result) != std::string::npos, r.reply.body);
                CHECK(host.calls.empty());
            }
        }
        FakeHost host(R"({"enable_rpc":true})");
        Request get("GET", "/rpc");
        host.run(get);
        CHECK(get.reply.status == 405);
        CHECK(get.reply.header("Allow") == "POST");
    }

    TEST_CASE("the Timeout header of /rpc is in seconds") {
        FakeHost host(R"({"enable_rpc":true})");
        host.add_service(kGreeter);
        Request r("POST", "/rpc");
        r.header("Content-Type", "application/json").header("Timeout", "2");
        r.body(R"({"service":"go.micro.srv.greeter","endpoint":"Say.Hello"})");
        host.run(r);
        CHECK(host.calls.at(0).timeout_ms == 2000);
    }

    TEST_CASE("/stats counts what was really answered") {
        FakeHost host(R"({"enable_stats":true})");
        host.add_service(kGreeter);
        for (const char* path : {"/", "/", "/a/debug/x"}) {
            Request r("GET", path);
            host.run(r);
        }
        Request r("GET", "/stats");
        host.run(r);
        CHECK(r.reply.header("Content-Type") == "application/json");
        const Json page(r.reply.body);
        CHECK(r.reply.body.starts_with(R"({"started":)"));
        // A window may end between the requests: the sums over all windows are what counts.
        size_t twos = 0, threes = 0;
        for (size_t at = 0; (at = r.reply.body.find("\"200\":", at)) != std::string::npos;
             at += 6) {
            twos += static_cast<size_t>(r.reply.body[at + 6] - '0');
        }
        for (size_t at = 0; (at = r.reply.body.find("\"40x\":", at)) != std::string::npos;
             at += 6) {
            threes += static_cast<size_t>(r.reply.body[at + 6] - '0');
        }
        CHECK(twos == 2);
        CHECK(threes == 1);
    }

    TEST_CASE("an endpoint's path in OpenAPI is one that reaches it") {
        using microhost::api::api_path;
        CHECK(api_path("greeter", "Say.Hello") == "/greeter/say/hello");
        CHECK(api_path("v1.foo", "Bar.BazXyz") == "/v1/foo/bar/bazXyz");
        CHECK(api_path("v1", "Foo.Bar").empty());  // would reach v1.foo
        CHECK(api_path("foo", "say.Hello").empty());
        CHECK(api_path("foo", "Hello").empty());
        CHECK(api_path("", "Say.Hello").empty());
    }

    TEST_CASE("OpenAPI is valid JSON with the schemas of the registry") {
        FakeHost host;
        host.add_service(R"({"name":"go.micro.api.greeter","version":"1","nodes":[],"endpoints":[
            {"name":"Say.Hello","request":{"name":"Req","type":"Req","values":[{"name":"name","type":"string"},
              {"name":"ids","type":"[]int64"},{"name":"sub","type":"Sub","values":[{"name":"on","type":"bool"}]}]},
             "response":{"name":"Rsp","type":"Rsp","values":[{"name":"m<s>g","type":"string"}]}},
            {"name":"User.Get","metadata":{"endpoint":"User.Get","handler":"rpc","method":"GET","path":"/v1/users/{id=*}"}}]})");
        Request r("GET", "/openapi.json");
        host.run(r);
        CHECK(r.reply.status == 200);
        const Json parsed(r.reply.body);
        for (const char* part :
             {R"("openapi":"3.0.3")", R"("/greeter/say/hello":{"post":)",
              R"("name":{"type":"string"})",
              R"("ids":{"type":"array","items":{"type":"integer","format":"int64"}})",
              R"("sub":{"type":"object","properties":{"on":{"type":"boolean"}}})",
              R"("/v1/users/{id}":{"get":)", R"("in":"path","required":true)"}) {
            CHECK_MESSAGE(r.reply.body.find(part) != std::string::npos, part);
        }
        host.remove_services();
        Request later("GET", "/openapi.json");
        host.run(later);
        CHECK(later.reply.body.find("/greeter") == std::string::npos);
    }
}
