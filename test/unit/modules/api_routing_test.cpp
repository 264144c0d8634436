// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/api/endpoint_routes.hpp"
#include "modules/api/resolver.hpp"
#include "modules/api/route_cache.hpp"

using namespace microhost::api;
using microhost::test::FakeHost;
using microhost::test::Request;

namespace {

bool matches(std::string_view pattern, std::string_view path) {
    std::string why;
    const auto p = PathPattern::compile(pattern, why);
    REQUIRE_MESSAGE(p != nullptr, (std::string(pattern) + ": " + why));
    return p->matches(path);
}

EndpointMetadata endpoint(std::string_view name, std::string_view path,
                          std::string_view method = "", std::string_view host = "",
                          std::string_view handler = "rpc") {
    return {"go.micro.api.x", name, handler, method, host, path, ""};
}

}  // namespace

TEST_SUITE("modules/api") {
    TEST_CASE("every resolver yields a service and an endpoint, never the HTTP verb") {
        struct Row {
            Resolver resolver;
            Handler handler;
            const char *host, *path, *service, *endpoint;
        };
        const Row rows[] = {
            {Resolver::micro, Handler::rpc, "", "/foo/bar/baz", "foo", "Bar.Baz"},
            {Resolver::micro, Handler::http, "", "/v1/foo/bar", "v1.foo", ""},
            {Resolver::micro, Handler::web, "", "/foo_bar", "", ""},
            {Resolver::path, Handler::rpc, "", "/foo/say/hello", "foo", "Say.Hello"},
            {Resolver::path, Handler::rpc, "", "/foo/bar", "foo", "Foo.Bar"},
            {Resolver::path, Handler::rpc, "", "/", "", ""},
            {Resolver::vpath, Handler::rpc, "", "/v1/foo/say/hello", "foo", "Say.Hello"},
            {Resolver::vpath, Handler::rpc, "", "/foo/say/hello", "foo", "Say.Hello"},
            {Resolver::host, Handler::rpc, "Greeter:8080", "/say/hello", "greeter", "Say.Hello"},
            {Resolver::host, Handler::rpc, "[::1]:80", "/say/hello", "", "Say.Hello"},
            {Resolver::grpc, Handler::rpc, "", "/foo.bar.Say/Hello", "foo.bar", "Say.Hello"},
            {Resolver::grpc, Handler::rpc, "", "/Say/Hello", "", ""},
        };
        for (const Row& row : rows) {
            const auto name = resolve(row.resolver, row.handler, row.host, row.path);
            CHECK_MESSAGE(name.service == row.service, row.path);
            CHECK_MESSAGE((name.service.empty() || name.endpoint == row.endpoint), row.path);
        }
    }

    TEST_CASE("path patterns are searched as Micro does, templates match whole paths") {
        CHECK(matches("/call", "/foo/bar/call"));
        CHECK(matches("/example", "/example/call"));
        CHECK(matches("^/example$", "/example"));
        CHECK_FALSE(matches("^/example$", "/example/call"));
        CHECK(matches("^/v[0-9]+/x", "/v12/xyz"));
        CHECK_FALSE(matches("^/v[0-9]+/x", "/v/x"));
        CHECK(matches("/(a|b)/c$", "/z/b/c"));
        CHECK(matches("/v1/{name}", "/v1/john"));
        CHECK_FALSE(matches("/v1/{name}", "/v1/john/x"));
        CHECK_FALSE(matches("/v1/{name}", "/x/v1/john"));
        CHECK(matches("/v1/{name=files/**}:move", "/v1/files/a/b:move"));
        CHECK_FALSE(matches("/v1/{name=files/*}", "/v1/files/a/b"));
        CHECK(matches("/v1/{a.b}/x.y", "/v1/1/x.y"));
        CHECK_FALSE(matches("/v1/{a}/x.y", "/v1/1/xzy"));
    }

    TEST_CASE("patterns that would hurt are refused") {
        std::string why;
        for (const std::string& bad :
             {std::string("(["), std::string("/{name"), std::string("(a)\\1"),
              std::string("/{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}"),
              std::string("^a{9}b{9}c{9}"), std::string(600, 'a'), std::string("a\0b", 3)}) {
            CHECK_MESSAGE(PathPattern::compile(bad, why) == nullptr, bad);
        }
        CHECK_FALSE(matches("^/a+$", "/" + std::string(100'000, 'a')));
    }

    TEST_CASE("the most specific route wins, in whatever order services came") {
        const EndpointMetadata all[] = {
            endpoint("Any.Short", "/v1"),
            endpoint("Any.Long", "/v1/users"),
            endpoint("Get.Long", "/v1/users", "GET"),
            endpoint("Host.Short", "/v1", "", "api.example.com"),
            endpoint("Exact.Long", "^/v1/users$", "POST"),
            endpoint("Template.Id", "/v1/users/{id}"),
        };
        for (int turn = 0; turn < 6; ++turn) {
            EndpointRoutes routes;
            std::string why;
            for (int i = 0; i < 6; ++i) REQUIRE(routes.add(all[(i * 5 + turn) % 6], why));
            routes.sort();
            const auto pick = [&](std::string_view method, std::string_view host,
                                  std::string_view path) {
                const EndpointRoute* r = routes.match(Handler::meta, method, host, path);
                return r ? r->endpoint : "(none)";
            };
            CHECK(pick("PUT", "h", "/v1/x") == "Any.Short");
            CHECK(pick("PUT", "h", "/v1/users") == "Any.Long");
            CHECK(pick("GET", "h", "/v1/users") == "Get.Long");
            CHECK(pick("POST", "h", "/v1/users") == "Exact.Long");
            CHECK(pick("GET", "h", "/v1/users/7") == "Template.Id");
            CHECK(pick("GET", "API.example.com:8443", "/v1/users") == "Host.Short");
            CHECK(pick("GET", "h", "/other") == "(none)");
        }
    }

    TEST_CASE("a route that would take everything is refused, and so is an unknown handler") {
        EndpointRoutes routes;
        std::string why;
        CHECK_FALSE(routes.add(endpoint("A.B", "", "GET"), why));
        CHECK_FALSE(routes.add(endpoint("A.B", ""), why));
        CHECK_FALSE(routes.add(endpoint("A.B", "/x", "", "", "nope"), why));
        CHECK_FALSE(routes.add(endpoint("A.B", "/ok,(["), why));
        CHECK(routes.add(endpoint("", "/x"), why));
        CHECK(routes.routes().empty());
    }

    TEST_CASE("a namespace ends at a dot") {
        CHECK(in_namespace("go.micro.api", "go.micro.api.foo"));
        CHECK_FALSE(in_namespace("go.micro.api", "go.micro.apifoo"));
        CHECK(in_namespace("go.micro.api.", "go.micro.api.foo"));
        CHECK(in_namespace(" ", "anything"));
    }

    TEST_CASE("the cache answers what was put, and nothing after a change") {
        RouteCache cache;
        Route out;
        for (int i = 0; i < 20'000; ++i) {
            const std::string path = "/p" + std::to_string(i), service = "s" + std::to_string(i);
            cache.put({path, "GET", "h"}, {Handler::api, true, service, "A.B"});
            REQUIRE(cache.find({path, "GET", "h"}, out));
            CHECK(out.service == service);
        }
        CHECK(out.endpoint == "A.B");
        CHECK(out.handler == Handler::api);
        CHECK(out.json);
        CHECK_FALSE(cache.find({"/p19999", "POST", "h"}, out));
        CHECK_FALSE(cache.find({"/p19999", "GET", "x"}, out));
        cache.put({std::string(300, 'x'), "", ""}, {});
        CHECK_FALSE(cache.find({std::string(300, 'x'), "", ""}, out));
        cache.clear();
        CHECK_FALSE(cache.find({"/p19999", "GET", "h"}, out));
    }

    TEST_CASE("meta follows the endpoint's metadata, and a change of the registry at once") {
        FakeHost host;
        const char* service =
            R"({"name":"go.micro.api.example","version":"1","nodes":[{"id":"n","address":"127.0.0.1:9"}],
            "endpoints":[
             {"name":"Example.Call","metadata":{"endpoint":"Example.Call","handler":"rpc","method":"POST","path":"/example"}},
             {"name":"Foo.Bar","metadata":{"endpoint":"Foo.Bar","handler":"api","path":"^/foo/bar$","content_type":"application/json"}},
             {"name":"Site","metadata":{"endpoint":"Site","handler":"proxy","host":"www.example.com"}}]})";
        const auto endpoint_for = [&](std::string_view method, std::string_view path) {
            Request r(method, path);
            host.calls.clear();
            host.run(r);
            return host.calls.empty() ? std::string("(none)") : host.calls[0].endpoint;
        };
        CHECK(endpoint_for("POST", "/example") == "Example");
        host.add_service(service);
        CHECK(endpoint_for("POST", "/example") == "Example.Call");
        CHECK(endpoint_for("GET", "/example") == "Example");  // falls back to the path
        CHECK(endpoint_for("GET", "/foo/bar") == "Foo.Bar");
        CHECK(host.calls[0].content_type == "application/json");
        Request site("GET", "/anything");
        site.authority = "www.example.com";
        host.run(site);
        CHECK(host.forwards.at(0).service == "go.micro.api.example");
        host.remove_services();
        CHECK(endpoint_for("POST", "/example") == "Example");
    }

    TEST_CASE("a remembered path is forgotten when the registry changes") {
        FakeHost host;
        const auto endpoint_now = [&] {
            Request r("GET", "/users/list");
            host.run(r);
            return host.calls.back().endpoint;
        };
        CHECK(endpoint_now() == "Users.List");
        host.add_service(R"({"name":"go.micro.api.u","version":"1","nodes":[],"endpoints":[
            {"name":"U.All","metadata":{"endpoint":"U.All","handler":"rpc","path":"/users"}}]})");
        CHECK(endpoint_now() == "U.All");
        host.remove_services();
        CHECK(endpoint_now() == "Users.List");
    }

    TEST_CASE("the namespace can be switched off") {
        FakeHost host(R"({"namespace":" "})");
        Request r("GET", "/greeter/say/hello");
        host.run(r);
        CHECK(host.calls.at(0).service == "greeter");
    }
}
