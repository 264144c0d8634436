// SPDX-License-Identifier: Apache-2.0
#include "http/path.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::http;

namespace {

std::string normal(std::string_view target) {
    std::string out(target.size() * 3, '\0');
    PathParts p;
    if (const Refusal r = normalise_target(target, out.data(), out.size(), p))
        return std::to_string(r.status);
    std::string s(p.path);
    if (p.has_query) s.append("?").append(p.query);
    return s;
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a path has one spelling") {
        struct Case {
            const char *target, *is;
        };
        for (const Case& c : {
                 Case{"/", "/"},
                 {"/a/b?c=/../d", "/a/b?c=/../d"},
                 {"/a?", "/a?"},
                 {"*", "*"},
                 {"/.well-known/x", "/.well-known/x"},
                 {"/...", "/..."},
                 {"/a..b/.c", "/a..b/.c"},
                 {"//", "/"},
                 {"/a//b///", "/a/b/"},
                 {"/a/./b/.", "/a/b/"},
                 {"/a/../b", "/b"},
                 {"/a/b/..", "/a/"},
                 {"/a//../b", "/b"},
                 {"/a/..", "/"},
                 {"/%2e/%2E%2e", "400"},
                 {"/a/%2e%2e/b", "/b"},
                 {"/%41%7e%2d", "/A~-"},
                 {"/%c3%bc", "/%C3%BC"},
                 {"/\xc3\xbc", "/%C3%BC"},
                 {"/a%2fb", "/a%2Fb"},
                 {"/a%20b", "/a%20b"},
                 {"/%252e%252e/", "/%252e%252e/"},
                 {"/a?\xc3", "/a?%C3"},
                 {"/a;x/b", "/a;x/b"},
                 {"/a%3f?b?c", "/a%3F?b?c"},
                 {"/a+b", "/a+b"},
                 {"/a;..", "/a;.."},
             }) {
            CHECK_MESSAGE(normal(c.target) == c.is, c.target);
            if (c.is != std::string("400")) CHECK_MESSAGE(normal(c.is) == c.is, c.is);
        }
    }

    TEST_CASE("a path that servers read in different ways is refused") {
        for (const char* target :
             {"",         "a",       "?a",       "/..",    "/../a",    "/a/../..", "/a/../../b",
              "/%2e%2e/", "/%",      "/%4",      "/%zz",   "/%00",     "/%0a",     "/%7F",
              "/a b",     "/a\\b",   "/a#b",     "/a?b#c", "/a?b c",   "/a?\x01",  "/a/..%2fb",
              "/..%5c..", "/a%2F..", "/a/..;/b", "/.;x/",  "/a%2f.;x", "/a\x7f"})
            CHECK_MESSAGE(normal(target) == "400", target);
    }

    TEST_CASE("a normal target costs no copy, and a small buffer is an error, not an overrun") {
        const std::string_view target = "/greeter/say?name=x";
        PathParts p;
        CHECK(!normalise_target(target, nullptr, 0, p));
        CHECK(p.path.data() == target.data());
        CHECK(p.query == "name=x");
        CHECK(p.has_query);
        char out[8];
        CHECK(normalise_target("/a//b", out, sizeof out, p).status == 414);
    }
}
