// SPDX-License-Identifier: Apache-2.0
#include "modules/bot/inputs/scram.hpp"

#include <doctest/doctest.h>

#include <vector>

using microhost::bot::Scram;

namespace {

constexpr char kNonce1[] = "fyko+d2lbbFgONRv9qkxdawL";
constexpr char kNonce256[] = "rOprNGfwEbeRWgbNEkqO";
constexpr char kServer1[] =
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";

std::string refusal(std::string_view server_first) {
    Scram s(Scram::Hash::sha1, "user", "pencil", kNonce1);
    const std::string answer = s.answer(server_first);
    CHECK(answer.empty());
    return s.why();
}

}  // namespace

TEST_SUITE("modules/bot/scram") {
    TEST_CASE("the example of RFC 5802: SCRAM-SHA-1") {
        Scram s(Scram::Hash::sha1, "user", "pencil", kNonce1);
        CHECK(s.first() == "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        CHECK(s.answer(kServer1) ==
              "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        CHECK(s.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    }

    TEST_CASE("the example of RFC 7677: SCRAM-SHA-256") {
        Scram s(Scram::Hash::sha256, "user", "pencil", kNonce256);
        CHECK(s.answer("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                       "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") ==
              "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
              "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        CHECK(s.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=later"));
    }

    TEST_CASE("a server that does not know the password is found out") {
        Scram s(Scram::Hash::sha1, "user", "pencil", kNonce1);
        CHECK(!s.verify("v="));  // before anything was proved
        REQUIRE(!s.answer(kServer1).empty());
        for (const char* bad : {"", "v=", "v=AAAA", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ", "x=1",
                                "v=smF9pqV8S7suAoZWja4dJRkFsKQ="}) {
            CAPTURE(bad);
            CHECK(!s.verify(bad));
        }
        CHECK(s.why().find("did not prove") != std::string::npos);
        CHECK(!s.verify("e=invalid-proof"));
        CHECK(s.why() == "the server refused: invalid-proof");
    }

    TEST_CASE("nonces, rounds and messages that cannot be") {
        const std::string nonce = kNonce1;
        CHECK(refusal("r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096").find("nonce") !=
              std::string::npos);
        CHECK(refusal("r=other,s=QSXCR+Q6sek8bf92,i=4096").find("nonce") != std::string::npos);
        CHECK(refusal("r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=4095").find("4095 rounds") !=
              std::string::npos);
        CHECK(refusal("r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=200001").find("rounds") !=
              std::string::npos);
        CHECK(refusal("m=x,r=" + nonce + "x,s=QQ==,i=4096").find("extension") != std::string::npos);
        for (const std::string& bad : std::vector<std::string>{
                 std::string(), std::string(5000, 'r'), "r=" + nonce + "x", "s=QQ==,i=4096",
                 "r=" + nonce + "x,s=,i=4096", "r=" + nonce + "x,s=*,i=4096",
                 "r=" + nonce + "x,s=QQ==,i=-1", "r=" + nonce + "x,s=QQ==,i=4096x",
                 "r=" + nonce + "x,s=QQ==,i=99999999999"}) {
            CAPTURE(bad);
            CHECK(!refusal(bad).empty());
        }
    }

    TEST_CASE("names are quoted, and each conversation has a nonce of its own") {
        CHECK(Scram(Scram::Hash::sha1, "a=b,c", "x", "n").first() == "n,,n=a=3Db=2Cc,r=n");
        const std::string one = Scram(Scram::Hash::sha1, "a", "x").first();
        CHECK(one != Scram(Scram::Hash::sha1, "a", "x").first());
        CHECK(one.size() >= 30);
        CHECK(one.find(',', 7) == one.npos);
    }
}
