// SPDX-License-Identifier: Apache-2.0
#include "http/match.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::http;

namespace {

bool excluded(const Match& m, std::string_view path, std::string_view method = "GET",
              std::string_view authority = "a") {
    return MatchHint::of(m).excludes({path, method, authority});
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("the hint of a match excludes no path that fits it") {
        const std::vector<std::string> words{
            "/",  "/a",   "/admin", "/admin/", "/admin/log", "/administrator", "/admin/login",
            "/b", "/admi"};
        const Headers none{};
        for (const auto& first : words) {
            for (const auto& second : words) {
                for (const Match& m :
                     {Match{.path = {first, second}}, Match{.path_prefix = {first}},
                      Match{.path_prefix = {first, second}},
                      Match{.path = {first}, .path_prefix = {second}}}) {
                    for (const auto& path : words) {
                        CAPTURE(first);
                        CAPTURE(second);
                        CAPTURE(path);
                        const MatchSubject asked{"GET", path, "a", none};
                        if (excluded(m, path)) CHECK_FALSE(mismatch(m, asked).empty());
                    }
                }
            }
        }
    }

    TEST_CASE("the hint of a match excludes no method and no host that fits it") {
        const std::vector<std::string> methods{"GET", "G",        "GETS",      "POST",
                                               "get", "PROPFIND", "PROPFINDER"};
        const std::vector<std::string> hosts{
            "a",    "A",       "api.example.com", "API.EXAMPLE.COM", "api.example.org",
            "api.", "a.b@{}`", "A.B@[]@",         "[::1]",           "127.0.0.1"};
        const Headers none{};
        size_t fitting = 0;
        for (const auto& first : methods)
            for (const auto& second : methods)
                for (const auto& asked : methods) {
                    const Match m{.method = {first, second}};
                    const bool fits = mismatch(m, {asked, "/", "a", none}).empty();
                    fitting += fits;
                    CHECK_FALSE((fits && excluded(m, "/", asked)));
                }
        for (const auto& first : hosts)
            for (const auto& second : hosts)
                for (const auto& host : hosts)
                    for (const char* port : {"", ":80"}) {
                        const Match m{.host = {first, second}};
                        const std::string asked = host + port;
                        const bool fits = mismatch(m, {"GET", "/", asked, none}).empty();
                        fitting += fits;
                        CHECK_FALSE((fits && excluded(m, "/", "GET", asked)));
                    }
        CHECK(fitting > 300);
    }

    TEST_CASE("the hint of a match excludes what differs in the first eight bytes") {
        CHECK(excluded({.path_prefix = {"/elsewhere"}}, "/some/path"));
        CHECK(excluded({.path_prefix = {"/admin"}}, "/adm"));
        CHECK(excluded({.path = {"/"}, .path_prefix = {"/b"}}, ""));
        CHECK_FALSE(excluded({.path_prefix = {"/elsewhere"}}, "/elsewhere/x"));
        CHECK_FALSE(excluded({.method = {"GET"}}, "/some/path"));
        CHECK(excluded({.method = {"PUT"}}, "/some/path"));
        CHECK(excluded({.host = {"example.com"}}, "/some/path"));
        CHECK(excluded({.host = {"example.com"}}, "/", "GET", {}));
        CHECK_FALSE(excluded({.host = {"Example.com"}}, "/", "GET", "eXAMPLE.com:80"));
        CHECK_FALSE(excluded({.path = {"/a", "/b"}}, "/c"));
    }
}
