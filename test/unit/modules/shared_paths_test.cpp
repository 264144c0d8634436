// SPDX-License-Identifier: Apache-2.0
#include "modules/shared/paths.hpp"

#include <doctest/doctest.h>

#include "modules/shared/url_encoding.hpp"

using namespace microhost::shared;

TEST_SUITE("modules/shared") {
    TEST_CASE("a path names service and endpoint as in Micro") {
        struct Row {
            const char *path, *service, *endpoint;
        };
        const Row rows[] = {
            {"/foo/bar", "foo", "Foo.Bar"},
            {"/foo/foo/bar", "foo", "Foo.Bar"},
            {"/foo/bar/baz", "foo", "Bar.Baz"},
            {"/foo/bar/baz-xyz", "foo", "Bar.BazXyz"},
            {"/foo/bar/baz/cat", "foo.bar", "Baz.Cat"},
            {"/foo/bar/baz/cat/car", "foo.bar.baz", "Cat.Car"},
            {"/foo/fooBar/bazCat", "foo", "FooBar.BazCat"},
            {"/v1/foo/bar", "v1.foo", "Foo.Bar"},
            {"/v1/foo/bar/baz", "v1.foo", "Bar.Baz"},
            {"/v1/foo/bar/baz/cat", "v1.foo.bar", "Baz.Cat"},
            {"/foo", "foo", "Foo"},
            {"/v1/foo", "v1", "V1.Foo"},
            {"/V1/foo/bar", "V1", "Foo.Bar"},
            {"/foo-bar/baz-qux", "foo-bar", "FooBar.BazQux"},
            {"/foo.bar/baz", "foo.bar", "Foo.Bar.Baz"},
            {"/foo_bar/baz", "foo_bar", "Foo_bar.Baz"},
            {"/foo/bar/", "foo", "Foo.Bar"},
            {"/greeter/say.hello", "greeter", "Greeter.Say.Hello"},
            {"/a/say-hello", "a", "A.SayHello"},
            {"/x/a/b/c", "x.a", "B.C"},
            {"/", "", ""},
            {"", "", ""},
        };
        for (const Row& row : rows) {
            const RpcName name = api_route(row.path);
            CHECK_MESSAGE(name.service == row.service, row.path);
            CHECK_MESSAGE(name.endpoint == row.endpoint, row.path);
        }
    }

    TEST_CASE("a path names the service to proxy to, and only a valid name") {
        const char* rows[][2] = {
            {"/f", "f"},
            {"/f-b", "f-b"},
            {"/foo/bar", "foo"},
            {"/foo/bar/bar", "foo"},
            {"/v1/foo/bar", "v1.foo"},
            {"/v1/foo", "v1.foo"},
            {"/v1", "v1"},
            {"/foo_bar", ""},
            {"/-foo", ""},
            {"/foo-", ""},
            {"/foo--bar", ""},
            {"/foo.bar", ""},
            {"/v1/a_b", ""},
            {"/", ""},
        };
        for (const auto& row : rows) CHECK_MESSAGE(proxy_route(row[0]) == row[1], row[0]);
    }

    TEST_CASE("a path names topic and event") {
        const char* rows[][3] = {
            {"/", "ns", "event"},
            {"/foo", "ns.foo", ""},
            {"/foo/bar", "ns.foo", "bar"},
            {"/foo/bar/baz", "ns.foo", "bar.baz"},
            {"/v1/foo/bar", "ns.v1.foo", "foo.bar"},
        };
        for (const auto& row : rows) {
            const EventName name = event_route("ns", row[0]);
            CHECK_MESSAGE(name.topic == row[1], row[0]);
            CHECK_MESSAGE(name.event == row[2], row[0]);
        }
    }

    TEST_CASE("a namespace is joined by what it ends with, and a blank one is none") {
        const char* rows[][3] = {
            {"go.micro.api", "foo", "go.micro.api.foo"},
            {"go.micro.api.", "foo", "go.micro.api.foo"},
            {"go-micro-api-", "v2.foo", "go-micro-api-v2-foo"},
            {"", "foo", "foo"},
            {" ", "foo", "foo"},
        };
        for (const auto& row : rows) CHECK(join_namespace(row[0], row[1]) == row[2]);
    }

    TEST_CASE("forms are decoded, and broken escapes refused") {
        std::vector<FormPair> pairs;
        REQUIRE(parse_form("a=1&&b=x+y%26%3D&c&d==", pairs));
        REQUIRE(pairs.size() == 4);
        CHECK(pairs[1].value == "x y&=");
        CHECK(pairs[2].has_value == false);
        CHECK(pairs[3].value == "=");
        for (const char* bad : {"a=%", "a=%1", "a=%zz", "%=1"}) {
            std::vector<FormPair> out;
            CHECK_FALSE_MESSAGE(parse_form(bad, out), bad);
        }
        std::vector<FormPair> many;
        std::string text;
        for (size_t i = 0; i <= kMaxFormPairs; ++i) text += "a=1&";
        CHECK_FALSE(parse_form(text, many));
    }
}
