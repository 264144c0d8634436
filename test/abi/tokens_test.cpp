// SPDX-License-Identifier: Apache-2.0
#include "../../examples/auth-token/tokens.hpp"

#include <doctest/doctest.h>

#include <string>

using auth_token::Tokens;

namespace {

std::string found(const Tokens& tokens, std::string_view field) {
    const auto* e = tokens.find(Tokens::token_of(field));
    if (!e) return "-";
    std::string out = "[" + std::string(e->subject) + "]";
    for (const mh_str& role : e->roles) out += " " + std::string(role.ptr, role.len);
    return out;
}

}  // namespace

TEST_SUITE("examples/auth-token") {
    TEST_CASE("a token is found as a bearer's and alone, with its subject and roles") {
        const Tokens t(
            "# who may\n\nletmein alice viewer\r\nplain\n  Bearer token-0042  \nmany bob  viewer,,admin\nlast");
        CHECK(t.size() == 5);
        for (const auto& row :
             std::initializer_list<std::pair<const char*, const char*>>{{"Bearer letmein", "[alice] viewer"},
                                                                        {"letmein", "[alice] viewer"},
                                                                        {"bearer  letmein", "[alice] viewer"},
                                                                        {"Bearer plain", "[]"},
                                                                        {"Bearer token-0042", "[]"},
                                                                        {"token-0042", "[]"},
                                                                        {"many", "[bob] viewer admin"},
                                                                        {"last", "[]"},
                                                                        {"Bearer", "-"},
                                                                        {"", "-"},
                                                                        {"Bearer ", "-"},
                                                                        {"letmei", "-"},
                                                                        {"letmein ", "[alice] viewer"},
                                                                        {"letmein alice", "-"},
                                                                        {"#", "-"},
                                                                        {"# who may", "-"},
                                                                        {"Basic letmein", "-"},
                                                                        {"LETMEIN", "-"}}) {
            CAPTURE(row.first);
            CHECK(found(t, row.first) == row.second);
        }
    }

    TEST_CASE("basic credentials are one token") {
        const Tokens t("Basic YWxpY2U6eA== alice\n");
        CHECK(found(t, "Basic YWxpY2U6eA==") == "[alice]");
        CHECK(found(t, "YWxpY2U6eA==") == "-");
    }

    TEST_CASE("of two lines with the same token the first counts; a file may be empty") {
        const Tokens t("a first\na second\n");
        CHECK(t.size() == 1);
        CHECK(found(t, "a") == "[first]");
        CHECK(found(Tokens(""), "a") == "-");
        CHECK(found(Tokens("\n\n#x\n"), "#x") == "-");
    }

    TEST_CASE("each of many is found, and nothing near it") {
        std::string text;
        for (int i = 0; i < 5000; ++i) text += "Bearer token-" + std::to_string(i) + "\n";
        const Tokens t(text);
        CHECK(t.size() == 5000);
        for (int i = 0; i < 5000; ++i) {
            REQUIRE(t.find("token-" + std::to_string(i)) != nullptr);
            REQUIRE(t.find("token-" + std::to_string(i + 5000)) == nullptr);
        }
    }

    TEST_CASE("the hash is SipHash-1-3") {
        // Computed with CPython 3.11, whose str hash is SipHash-1-3, with an all-zero key (PYTHONHASHSEED=0).
        CHECK(auth_token::keyed_hash({0, 0}, "a") == 4644417185603328019u);
        CHECK(auth_token::keyed_hash({0, 0}, "0123456789abcdef") == 2108444454683020324u);
    }

    TEST_CASE("tokens are compared whole") {
        CHECK(auth_token::same("abc", "abc"));
        CHECK_FALSE(auth_token::same("abc", "abd"));
        CHECK_FALSE(auth_token::same("abc", "xbc"));
        CHECK_FALSE(auth_token::same("abc", "abcd"));
        CHECK(auth_token::same("", ""));
    }
}
