// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>

#include "modules/auth-basic/credential.hpp"
#include "modules/shared/base64.hpp"
#include "modules/shared/password_hash.hpp"
#include "modules/shared/users.hpp"

using namespace microhost::auth_basic;
using namespace microhost::shared;

namespace {

// Of "secret".
const std::string kBcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string kSha256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2";
const std::string kYescrypt = "$y$j75$saltsaltsalt$jyf/lxrpdyAIshWRo1x5DRC6KIE7sNRRtjcomR3PgHA";

std::string damage(std::string_view text) {
    try {
        (void)Users(text, {});
    } catch (const Damage& d) {
        return d.what();
    }
    return "";
}

bool reads(std::string_view plain) {
    Credential c;
    return read_credential(base64_encode(plain), c);
}

}  // namespace

TEST_SUITE("modules/auth-basic") {
    TEST_CASE("hashes that libcrypt knows are usable, by algorithm and cost") {
        CHECK(kind_of(kBcrypt).setting == "$2y$04$");
        CHECK(kind_of(kSha256).setting == "$5$rounds=1000$");
        CHECK(kind_of(kYescrypt).setting == "$y$j75$");
        CHECK(kind_of("$6$salt$" + std::string(86, 'a')).setting == "$6$");
        for (const std::string& good : {kBcrypt, kSha256, kYescrypt}) {
            CAPTURE(good);
            CHECK(kind_of(good).usable);
            CHECK(fits("secret", good));
            CHECK_FALSE(fits("Secret", good));
            CHECK_FALSE(fits("", good));
            CHECK_FALSE(fits(std::string("secret\0x", 8), good));
            CHECK_FALSE(kind_of(good.substr(0, good.size() - 1)).usable);
            CHECK_FALSE(kind_of(good + "a").usable);
            CHECK_FALSE(kind_of(good.substr(0, good.size() - 1) + "!").usable);
        }
    }

    TEST_CASE("what is not supported has its name, and what is too costly is not tried") {
        const std::pair<const char*, const char*> rows[] = {{"$apr1$a$b", "MD5 of Apache ($apr1$)"},
                                                            {"{SHA}x", "SHA-1 ({SHA})"},
                                                            {"$1$a$b", "MD5 crypt ($1$)"},
                                                            {"abNANd1rDfiNc", "DES crypt"},
                                                            {"secret", "plain text"},
                                                            {"*0", "plain text"},
                                                            {"$argon2id$x", "Argon2"},
                                                            {"$zz$x", "an unknown hash"}};
        for (const auto& [hash, name] : rows) {
            CHECK(kind_of(hash).name == name);
            CHECK_FALSE(kind_of(hash).usable);
        }
        for (const std::string& costly :
             {"$2y$15" + kBcrypt.substr(6), "$5$rounds=1000001$a$" + std::string(43, 'a'),
              "$y$jFT$saltsaltsalt$" + std::string(43, 'a')}) {
            CHECK(kind_of(costly).why.find("too long") != std::string_view::npos);
        }
    }

    TEST_CASE("the dummy is computed like the others") {
        for (const std::string& good : {kBcrypt, kSha256, kYescrypt}) {
            const std::string dummy = dummy_like(good);
            CAPTURE(dummy);
            CHECK(dummy != good);
            CHECK(kind_of(dummy).setting == kind_of(good).setting);
            CHECK_FALSE(fits("secret", dummy));
        }
        // Not an early exit of crypt_r: a thousand rounds are a thousand rounds.
        const auto seconds = [](const std::string& hash) {
            const auto begin = std::chrono::steady_clock::now();
            (void)fits("x", hash);
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        };
        const std::string slow = "$2y$10" + kBcrypt.substr(6);
        CHECK(seconds(dummy_like(slow)) > seconds(slow) / 4);
        const Users mixed("a:" + kBcrypt + "\nb:" + slow + "\nc:" + slow + "\n", {});
        CHECK(kind_of(mixed.dummy()).setting == "$2y$10$");
        CHECK(kind_of(Users("", {}).dummy()).usable);
    }

    TEST_CASE("a file is read whole or not at all") {
        CHECK(damage("a:" + kBcrypt + "\nb\n") == "line 2: it is no USER:HASH");
        CHECK(damage(":" + kBcrypt) == "line 1: the name of the user is empty");
        CHECK(damage("a:") == "line 1: \"a\" has no hash");
        CHECK(damage("a:" + kBcrypt + "\n\n#\na:" + kBcrypt) == "line 4: \"a\" is there twice");
        CHECK(damage("a\x01:" + kBcrypt) != "");
        CHECK(damage(std::string(256, 'a') + ":" + kBcrypt) != "");
        const Users u("  a:" + kBcrypt + ":gecos\r\n#b:x\nc:plain\n", {{"a", {"viewer"}}});
        CHECK(u.size() == 2);
        REQUIRE(u.find("a"));
        CHECK(u.find("a")->hash == kBcrypt);
        CHECK(u.find("a")->roles == std::vector<std::string>{"viewer"});
        CHECK_FALSE(u.find("b"));
        CHECK_FALSE(u.find("c"));
        REQUIRE(u.problems().size() == 1);
        CHECK(u.problems()[0].starts_with("user \"c\" (line 3): plain text is not supported"));
    }

    TEST_CASE("what follows the hash is roles of the host, or nothing") {
        const Users u("a:" + kBcrypt + ":operator\nb:" + kBcrypt + ":viewer, admin:more\nc:" +
                          kBcrypt + ":admin,Carla\nd:" + kBcrypt + ":\ne:" + kBcrypt + ":viewer\n",
                      {{"e", {"viewer", "chef"}}});
        const auto roles = [&](const char* name) {
            std::string out;
            for (const std::string& r : u.find(name)->roles) out += r + " ";
            return out;
        };
        CHECK(roles("a") == "operator ");
        CHECK(roles("b") == "viewer admin ");
        CHECK(roles("c") == "");
        CHECK(roles("d") == "");
        CHECK(roles("e") == "viewer chef ");
    }

    TEST_CASE("groups give roles, each once") {
        Roles roles;
        read_groups("viewer: a  b\n# x\nadmin:a\nviewer: a\n", roles);
        CHECK(roles["a"] == std::vector<std::string>{"viewer", "admin"});
        CHECK(roles["b"] == std::vector<std::string>{"viewer"});
        CHECK_THROWS_AS(read_groups("viewer\n", roles), Damage);
        CHECK_THROWS_AS(read_groups(": a\n", roles), Damage);
    }

    TEST_CASE("credentials of RFC 7617, and nothing else") {
        Credential c;
        REQUIRE(read_credential(base64_encode("b\xc3\xb6"
                                              "b:a:b"),
                                c));
        CHECK(c.user ==
              "b\xc3\xb6"
              "b");
        CHECK(c.password == "a:b");
        CHECK(reads("bob:"));
        for (const std::string& bad :
             {std::string(""), std::string(":"), std::string(":secret"), std::string("bob"),
              std::string("bob:a\0b", 7), std::string("b\nb:a"), std::string("b\xf6:a"),
              "bob:" + std::string(257, 'a')}) {
            CAPTURE(bad);
            CHECK_FALSE(reads(bad));
        }
        for (const char* text : {"", "====", "Ym9i", "Ym9iOmE", "Ym9iOmE= x"})
            CHECK_FALSE(read_credential(text, c));
    }
}
