// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/shared/base64.hpp"
#include "modules/shared/identity.hpp"
#include "modules/shared/secret.hpp"
#include "modules/shared/verified_cache.hpp"

using namespace microhost::shared;

TEST_SUITE("modules/shared auth") {
    TEST_CASE("base64url has one spelling for each text") {
        std::string out;
        const std::pair<const char*, const char*> good[] = {
            {"", ""}, {"Zg", "f"}, {"Zm8", "fo"}, {"Zm9v", "foo"}, {"_-8", "\xff\xef"}};
        for (const auto& [text, plain] : good) {
            CHECK(base64url_decode(text, out));
            CHECK(out == plain);
        }
        for (const char* bad :
             {"Z", "Zh", "Zm9", "Zg==", "Zm9v\n", "Zm 9v", "Zm9+", "Zm/v", "Zm9vY"}) {
            CAPTURE(bad);
            CHECK_FALSE(base64url_decode(bad, out));
        }
    }

    TEST_CASE("digests tell parts and versions apart, and keys differ") {
        Digester a, b;
        CHECK(a(1, {"x", "yz"}) == a(1, {"x", "yz"}));
        CHECK_FALSE(a(1, {"x", "yz"}) == a(1, {"xy", "z"}));
        CHECK_FALSE(a(1, {"x", "yz"}) == a(2, {"x", "yz"}));
        CHECK_FALSE(a(1, {"x", "yz"}) == b(1, {"x", "yz"}));
    }

    TEST_CASE("same_secret and wipe") {
        CHECK(same_secret("abc", "abc"));
        CHECK_FALSE(same_secret("abc", "abd"));
        CHECK_FALSE(same_secret("abc", "abcd"));
        CHECK(same_secret("", ""));
        std::string s = "secret";
        wipe(s);
        CHECK(s.empty());
    }

    TEST_CASE("the cache is bounded, forgets in time, and keeps what is in use") {
        Digester digest;
        VerifiedCache<int> cache(2);
        cache.put(digest(0, {"a"}), 1, 100);
        cache.put(digest(0, {"b"}), 2, 100);
        REQUIRE(cache.find(digest(0, {"a"}), 99));
        cache.put(digest(0, {"c"}), 3, 100);
        CHECK(cache.size() == 2);
        CHECK(cache.find(digest(0, {"a"}), 99));
        CHECK_FALSE(cache.find(digest(0, {"b"}), 99));
        CHECK_FALSE(cache.find(digest(0, {"a"}), 100));
        CHECK(cache.size() == 1);
        VerifiedCache<int> none(0);
        none.put(digest(0, {"a"}), 1, 100);
        CHECK_FALSE(none.find(digest(0, {"a"}), 0));
    }

    TEST_CASE("fields that a filter may set") {
        for (const char* good : {"X-User", "x_user", "Authorization"}) CHECK(settable_field(good));
        for (const char* bad : {"", "Host", "content_length", "Transfer-Encoding", "a b",
                                "a:", "x\n", "Connection"}) {
            CAPTURE(bad);
            CHECK_FALSE(settable_field(bad));
        }
        CHECK(field_value("a b"));
        CHECK(field_value(""));
        for (const char* bad : {" a", "a ", "a\r\nb", "a\x7f"}) CHECK_FALSE(field_value(bad));
        CHECK(quoted_string("a\"b\\") == R"("a\"b\\")");
    }
}
