// SPDX-License-Identifier: Apache-2.0
#include "rpc/envelope.hpp"

#include <doctest/doctest.h>

using namespace microhost::rpc;
using namespace std::string_literals;

TEST_SUITE("host/rpc") {
    TEST_CASE("requests in envelopes are those that go-micro sends to nodes without a protocol") {
        std::string json, proto;
        wrap(Envelope::json, json, "Say.Hello", 0, "{\"name\":\"John\"}");
        CHECK(json == "{\"method\":\"Say.Hello\",\"params\":[{\"name\":\"John\"}],\"id\":\"0\"}\n");
        wrap(Envelope::proto, proto, "Say.Hello", 0, "\n\x04John"s);
        CHECK(proto == "\0\0\0\x14\n\tSay.Hello\x11\0\0\0\0\0\0\0\0\0\0\0\x06\n\x04John"s);
        CHECK(envelope_for("application/protobuf", true) == Envelope::none);
        CHECK(envelope_for("text/plain", false) == Envelope::none);
    }

    TEST_CASE("answers in envelopes come out bare, errors as their text") {
        auto ok = unwrap(
            Envelope::json,
            R"( {"id":"0","result": {"error":"]}\"{","n":12345678901234567} ,"error":null} )");
        CHECK(ok.good);
        CHECK(ok.error.empty());
        CHECK(ok.body == R"({"error":"]}\"{","n":12345678901234567})");
        CHECK(unwrap(Envelope::json, R"({"id":"0","result":null,"error":"no"})").error == "no");
        CHECK(unwrap(Envelope::json, R"({"error":{"code":4}})").error == R"({"code":4})");
        const std::string reply = "\0\0\0\r\n\0\x11\0\0\0\0\0\0\0\0\x1a\0\0\0\0\x0c\n\nHello John"s;
        auto proto = unwrap(Envelope::proto, reply);
        CHECK(proto.good);
        CHECK(proto.error.empty());
        CHECK(proto.body == "\n\nHello John");
        CHECK(unwrap(Envelope::proto, "\0\0\0\x0f\n\0\x11\0\0\0\0\0\0\0\0\x1a\x02no\0\0\0\0"s)
                  .error == "no");
    }

    TEST_CASE("an error wins over a body that stands next to it") {
        const std::string both = "\0\0\0\x04\x1a\x02no\0\0\0\x01{"s;
        const auto proto = unwrap(Envelope::proto, both);
        CHECK(proto.good);
        CHECK(proto.error == "no");
        CHECK(proto.body.empty());
        const auto json = unwrap(Envelope::json, R"({"id":"0","result":{},"error":"no"})");
        CHECK(json.error == "no");
        CHECK(json.body.empty());
    }

    TEST_CASE(
        "no part of an answer is taken for the whole, and nonsense is not read beyond its end") {
        const std::string json = R"({"id":"0","result":{"a":[1,"}"]},"error":null})";
        const std::string proto = "\0\0\0\x0f\n\0\x11\0\0\0\0\0\0\0\0\x1a\x02no\0\0\0\x02hi"s;
        for (size_t n = 0; n < json.size(); n++)
            CHECK_FALSE(unwrap(Envelope::json, std::string(json, 0, n)).good);
        for (size_t n = 0; n < proto.size(); n++) {
            if (n == 19) continue;  // a header alone is how an error without a body looks
            CHECK_FALSE(unwrap(Envelope::proto, std::string(proto, 0, n)).good);
        }
        CHECK_FALSE(unwrap(Envelope::proto, "\xff\xff\xff\xff{}"s).good);
        CHECK_FALSE(unwrap(Envelope::json, "[1]").good);
    }
}
