// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>

#include "modules/cors/policy.hpp"

using namespace microhost::cors;
using microhost::shared::CorsOrigins;

TEST_SUITE("modules/cors") {
    TEST_CASE("an origin is listed by its exact text or as a subdomain") {
        CorsOrigins o;
        REQUIRE(o.add("https://a.example"));
        REQUIRE(o.add("https://*.b.example"));
        REQUIRE(o.add("http://*.c.example:8080"));
        for (const char* in : {"https://a.example", "https://x.b.example", "https://y.x.b.example",
                               "http://x.c.example:8080"})
            CHECK_MESSAGE(o.lists(in), in);
        for (const char* out :
             {"", "null", "http://a.example", "https://a.example:443", "https://a.example.evil",
              "https://b.example", "https://.b.example", "https://xb.example", "http://x.b.example",
              "https://evil/.b.example", "https://evil#.b.example", "https://evil@x.b.example",
              "https://x.b.example:8443", "http://x.c.example", "https://A.example"})
            CHECK_MESSAGE(!o.lists(out), out);
    }

    TEST_CASE("what is no origin is not taken for one") {
        CorsOrigins o;
        for (const char* wrong :
             {"", "example.com", "https://", "https://a/", "https://a/b", "https://*", "https://*.",
              "https://a*.b", "://a", "https://a b", ".*", "https://*.*.b"})
            CHECK_MESSAGE(!o.add(wrong), wrong);
        CHECK(o.empty());
        CHECK(o.add("null"));
        CHECK(o.lists("null"));
    }

    // Micro's cors plugin: without origins everybody may, with credentials.
    TEST_CASE("without origins nobody may, and the star never goes with credentials") {
        Policy p;
        p.credentials = true;
        CHECK(!p.allows("https://a.example"));
        REQUIRE(p.origins.add("*"));
        CHECK(p.allows("https://a.example"));
        CHECK(p.told("https://a.example") == "*");
        CHECK(!p.with_credentials("https://a.example"));
        REQUIRE(p.origins.add("https://a.example"));
        CHECK(p.told("https://a.example") == "https://a.example");
        CHECK(p.with_credentials("https://a.example"));
    }

    TEST_CASE("lists are joined, and the star stands for all") {
        bool any = false;
        CHECK(joined(std::array<std::string_view, 2>{"GET", "PUT"}, any) == "GET, PUT");
        CHECK(!any);
        CHECK(joined(std::array<std::string_view, 2>{"GET", "*"}, any) == "GET");
        CHECK(any);
    }

    TEST_CASE("a page's own origin") {
        CHECK(same_origin("https://a.example:8443", "https", "A.example:8443"));
        CHECK(!same_origin("http://a.example", "https", "a.example"));
        CHECK(!same_origin("https://a.example.evil", "https", "a.example"));
        CHECK(!same_origin("https://", "https", ""));
    }
}
