// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/api/api_handler.hpp"
#include "modules/shared/api_message.hpp"
#include "modules/shared/protobuf.hpp"

using namespace microhost::shared;
using microhost::test::FakeHost;
using microhost::test::Request;

namespace {

constexpr const char* kGreeter =
    R"({"name":"go.micro.api.greeter","version":"1","endpoints":[],"nodes":[{"id":"n","address":"127.0.0.1:9"}]})";

/// go.api.Response {201, X-Peer, Content-Type, body}: the first bytes of capture 40's answer with a short body.
std::string captured_response() {
    using namespace std::string_literals;
    return "\x08\xc9\x01\x12#\n\x06X-Peer\x12\x19\n\x06X-Peer\x12\x0fgo-micro-1.18.0"
           "\x12"
           "0\n\x0c"
           "Content-Type\x12 \n\x0c"
           "Content-Type\x12\x10"
           "application/json\x1a\x02{}"s;
}

/// The fields of a message as "number:bytes", sorted: maps have no order on the wire.
std::vector<std::string> fields_of(std::string_view message) {
    std::vector<std::string> out;
    ProtoReader reader(message);
    while (reader.next())
        out.push_back(std::to_string(reader.number()) + ":" + std::string(reader.bytes()));
    CHECK(reader.ok());
    std::sort(out.begin(), out.end());
    return out;
}

/// What micro api 1.18 sent for capture 40: GET /greeter/say/echo?name=John&x=1&x=2.
std::string captured_request() {
    using namespace std::string_literals;
    return "\n\x03GET\x12\x11/greeter/say/echo"
           "\x1a/\n\x0fX-Forwarded-For\x12\x1c\n\x0fX-Forwarded-For\x12\x09"
           "127.0.0.1"
           "\x1a\x1f\n\x04Host\x12\x17\n\x04Host\x12\x0f"
           "127.0.0.1:18083"
           "\x1a"
           "9\n\x0c"
           "Content-Type\x12)\n\x0c"
           "Content-Type\x12\x19text/plain; charset=UTF-8"
           "\x1a'\n\nUser-Agent\x12\x19\n\nUser-Agent\x12\x0b"
           "curl/7.88.1"
           "\x1a\x17\n\x06"
           "Accept\x12\r\n\x06"
           "Accept\x12\x03*/*"
           "\"\x14\n\x04name\x12\x0c\n\x04name\x12\x04John"
           "\"\x0e\n\x01x\x12\x09\n\x01x\x12\x01"
           "1\x12\x01"
           "2:#/greeter/say/echo?name=John&x=1&x=2"s;
}

}  // namespace

TEST_SUITE("modules/api") {
    TEST_CASE("handler api sends the same api.Request as micro api 1.18") {
        FakeHost host(R"({"handler":"api"})");
        host.add_service(kGreeter);
        host.answer = captured_response();
        host.answer_type = "application/protobuf";
        Request r("GET", "/greeter/say/echo?name=John&x=1&x=2");
        r.header("Host", "127.0.0.1:18083")
            .header("User-Agent", "curl/7.88.1")
            .header("Accept", "*/*");
        REQUIRE(host.run(r) == MH_OK);
        REQUIRE(host.calls.size() == 1);
        CHECK(host.calls[0].service == "go.micro.api.greeter");
        CHECK(host.calls[0].endpoint == "Say.Echo");
        CHECK(host.calls[0].content_type == "application/protobuf");
        CHECK(captured_request().size() == 306);  // Content-Length in the capture
        CHECK(fields_of(host.calls[0].body) == fields_of(captured_request()));
        CHECK(r.reply.status == 201);
        CHECK(r.reply.header("X-Peer") == "go-micro-1.18.0");
        CHECK(r.reply.header("Content-Type") == "application/json");
        CHECK(r.reply.body == "{}");
    }

    TEST_CASE("a form goes into post, any other body into body, bytes unharmed") {
        FakeHost host(R"({"handler":"api"})");
        host.add_service(kGreeter);
        host.answer = "";
        host.answer_type = "application/protobuf";
        Request form("POST", "/greeter/say/echo?q=1");
        form.header("Content-Type", "application/x-www-form-urlencoded").body("a=1&b=2&b=3");
        host.run(form);
        CHECK(form.reply.status == 200);
        CHECK(form.reply.header("Content-Type") == "application/json");
        const auto seen = fields_of(host.calls[0].body);
        const std::string post_b(
            "5:\n\x01"
            "b\x12\x09\n\x01"
            "b\x12\x01"
            "2\x12\x01"
            "3");
        CHECK(std::find(seen.begin(), seen.end(), post_b) != seen.end());
        const std::string binary("\x00\xff\xfe\r\n--x", 8);
        Request upload("PUT", "/greeter/say/echo");
        upload.header("content-type", "multipart/form-data; boundary=x").body(binary);
        host.run(upload);
        const auto raw = fields_of(host.calls[1].body);
        CHECK(std::find(raw.begin(), raw.end(), "6:" + binary) != raw.end());
    }

    TEST_CASE("JSON to services: a binary body travels as marked base64, both ways") {
        FakeHost host(R"({"handler":"api","api_codec":"json"})");
        host.add_service(kGreeter);
        host.answer =
            R"({"statusCode":202,"header":{"X-A":{"key":"X-A","values":["1","2"]},"Bad Name":{"values":["x"]},
                         "X-Split":{"values":["a\r\nb: c"]}},"body":"/wA=","bodyEncoding":"base64"})";
        Request r("POST", "/greeter/say/echo");
        r.header("Content-Type", "image/png").body(std::string_view("\xff\x00", 2));
        host.run(r);
        const std::string& sent = host.calls[0].body;
        CHECK(sent.find(R"("body":"/wA=","bodyEncoding":"base64")") != sent.npos);
        CHECK(sent.find(
                  R"("header":{"Content-Type":{"key":"Content-Type","values":["image/png"]})") !=
              sent.npos);
        CHECK(host.calls[0].content_type == "application/json");
        CHECK(r.reply.status == 202);
        CHECK(r.reply.body == std::string_view("\xff\x00", 2));
        CHECK(r.reply.header("X-A") == "1");
        CHECK(r.reply.header("Bad Name") == "(none)");
        CHECK(r.reply.header("X-Split") == "(none)");
    }

    TEST_CASE("an answer that is no api.Response is a bad gateway") {
        for (const char* answer : {"\x08", "\x12\x05x", "\x08\x01", "\x0b", "{\"msg\":1}"}) {
            FakeHost host(R"({"handler":"api"})");
            host.add_service(kGreeter);
            host.answer = answer;
            host.answer_type = "application/protobuf";
            Request r("GET", "/greeter/say/hello");
            host.run(r);
            CHECK_MESSAGE(r.reply.status == 502, answer);
        }
    }

    TEST_CASE("messages survive a round trip and unknown fields") {
        std::string bytes = captured_response();
        append_varint_field(bytes, 99, 5);
        append_field(bytes, 100, "new");
        const auto m = response_from_protobuf(bytes);
        REQUIRE(m.has_value());
        CHECK(m->status_code == 201);
        REQUIRE(m->header.size() == 2);
        CHECK(m->header[1].values.at(0) == "application/json");
        for (size_t cut = 0; cut < bytes.size(); ++cut)
            response_from_protobuf(bytes.substr(0, cut));
    }

    TEST_CASE("X-Forwarded-For keeps the chain and adds the peer once") {
        FakeHost host(R"({"handler":"api","api_codec":"json"})");
        host.add_service(kGreeter);
        host.answer = "{}";
        const char* rows[][2] = {{"9.9.9.9", "9.9.9.9, 127.0.0.1"},
                                 {"9.9.9.9, 127.0.0.1", "9.9.9.9, 127.0.0.1"},
                                 {"127.0.0.1", "127.0.0.1"}};
        for (const auto& row : rows) {
            Request r("GET", "/greeter/say/echo");
            r.header("X-Forwarded-For", row[0]);
            host.run(r);
            const std::string wanted = std::string(R"("values":[")") + row[1] + "\"]";
            CHECK_MESSAGE(host.calls.back().body.find(wanted) != std::string::npos, row[0]);
        }
    }
}
