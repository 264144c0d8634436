// SPDX-License-Identifier: Apache-2.0
#include "http/match.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::http;

namespace {

bool excluded(const Match& m, std::string_view path) {
    return PathHint::of(m).excludes(PathHint::head(path));
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

    TEST_CASE("the hint of a match excludes what differs in the first eight bytes") {
        CHECK(excluded({.path_prefix = {"/elsewhere"}}, "/some/path"));
        CHECK(excluded({.path_prefix = {"/admin"}}, "/adm"));
        CHECK(excluded({.path = {"/"}, .path_prefix = {"/b"}}, ""));
        CHECK_FALSE(excluded({.path_prefix = {"/elsewhere"}}, "/elsewhere/x"));
        CHECK_FALSE(excluded({.method = {"GET"}}, "/some/path"));
        CHECK_FALSE(excluded({.path = {"/a", "/b"}}, "/c"));
    }
}
