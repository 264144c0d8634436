// SPDX-License-Identifier: Apache-2.0
#include "http/names.hpp"

#include <doctest/doctest.h>
#include <microhost/http_names.h>

#include <string>
#include <vector>

using namespace microhost::http;

namespace {
std::string upper(std::string s) {
    for (char& c : s)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return s;
}
}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("every known header name is recognised in any case, and only exactly") {
        for (uint32_t id = 1; id < MH_H_COUNT; id++) {
            const std::string name(header_name(id));
            CHECK(header_id(name) == id);
            CHECK(header_id(upper(name)) == id);
            CHECK(header_id(name + "x") != id);
            CHECK(header_id(name.substr(1)) != id);
            for (size_t i = 0; i < name.size(); i++) {
                for (const char other : {'_', '\r', '\x11', '\0', 'q', '@', '\xe1'}) {
                    std::string twin = name;
                    if (twin[i] == other) continue;
                    twin[i] = other;
                    CHECK(header_id(twin) != id);
                }
            }
        }
        CHECK(header_id("host") == MH_H_HOST);
        CHECK(header_id("") == 0);
        CHECK(header_id("x-unknown") == 0);
        CHECK(header_id(std::string(300, 'a')) == 0);
        CHECK(header_name(0).empty());
        CHECK(header_name(MH_H_COUNT).empty());
    }

    TEST_CASE("tokens and values are told from what is none") {
        for (const char* good : {"a", "Content-Length", "!#$%&'*+-.^_`|~09azAZ"})
            CHECK_MESSAGE(is_token(good), good);
        for (const char* wrong : {"", "a b", "a:", "\xc3\xbc", "a\t", "(a)", "a\x7f", "a/b"})
            CHECK_MESSAGE(!is_token(wrong), wrong);
        CHECK(valid_value("a\tb \xff"));
        for (int c = 0; c < 256; c++) {
            const bool control = (c < 32 && c != '\t') || c == 127;
            for (const size_t before : {0, 5, 15, 16, 31, 40}) {
                const std::string s = std::string(before, 'x') + static_cast<char>(c) + "yz";
                CHECK(valid_value(s) == !control);
            }
        }
    }

    TEST_CASE("a comma list holds a token whatever its case and its blanks") {
        CHECK(list_has_token("close", "close"));
        CHECK(list_has_token("a,\t Close ,b", "close"));
        CHECK(list_has_token(",,close", "close"));
        CHECK(!list_has_token("closed, xclose, clo se", "close"));
        CHECK(!list_has_token("", "close"));
        std::vector<std::string> seen;
        CHECK(for_each_token(" a ,, b c,", [&](std::string_view t) {
            seen.emplace_back(t);
            return true;
        }));
        CHECK(seen == std::vector<std::string>{"a", "b c"});
        CHECK(!for_each_token("a,b", [](std::string_view) { return false; }));
        CHECK(iequals("AbC-1", "aBc-1"));
        CHECK(!iequals("a[", "a{"));
        CHECK(!iequals("a", "ab"));
    }
}
