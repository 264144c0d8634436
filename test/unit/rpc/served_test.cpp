// SPDX-License-Identifier: Apache-2.0
// The pieces of the server's side that need no process: names, envelopes, messages in a stream of bytes.
#include <doctest/doctest.h>

#include "http/names.hpp"
#include "registry/table.hpp"
#include "rpc/advertised.hpp"
#include "rpc/asked.hpp"
#include "rpc/message_reader.hpp"

using namespace microhost;
using namespace microhost::rpc;
using namespace std::string_literals;

namespace {

net::Address at(std::string_view text) { return net::Address::parse(text).value(); }

std::string advertised(std::string_view listening, std::string_view advertise,
                       std::vector<net::Address> interfaces = {}) {
    auto r = advertised_address(at(listening), advertise, interfaces);
    return r ? *r : "error: " + r.error().what;
}

const std::string kFirst =
    "POST / HTTP/1.1\r\nHost: x\r\nMicro-Id: 1\r\nContent-Length: 2\r\n\r\nab";
const std::string kSecond =
    "POST / HTTP/1.1\r\nHost: x\r\nMicro-Id: 2\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\ncde\r\n1\r\nf\r\n0\r\n\r\n";
const std::string kThird =
    "POST / HTTP/1.1\r\nHost: x\r\nMicro-Id: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

constexpr MessageReader::Bounds kBounds{1000, 100, 16};

struct Cut {
    http::h1::Parser parser;
    MessageReader reader{MessageReader::Side::server, parser, kBounds};
    std::string got;

    MessageReader::Got feed(std::string_view bytes) {
        reader.append(bytes);
        for (;;) {
            const MessageReader::Got g = reader.next();
            if (g != MessageReader::Got::message) return g;
            got += std::string(reader.headers().value(MH_H_MICRO_ID)) + ":" +
                   std::string(reader.body()) + " ";
        }
    }
};

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("a listener is announced under an address that others can reach") {
        CHECK(advertised("192.0.2.7:81", "") == "192.0.2.7:81");
        CHECK(advertised("192.0.2.7:81", "name.example") == "name.example:81");
        CHECK(advertised("192.0.2.7:81", "name.example:99") == "name.example:99");
        CHECK(advertised("192.0.2.7:81", "2001:db8::1") == "[2001:db8::1]:81");
        CHECK(advertised("192.0.2.7:81", "no such/host").starts_with("error: rpc_advertise"));
        CHECK(advertised("unix:/tmp/x", "").starts_with("error: a Unix socket"));
        std::vector<net::Address> all{at("127.0.0.1:0"), at("203.0.113.9:0"), at("[fe80::1]:0"),
                                      at("[fd00::5]:0"), at("172.17.0.1:0"),  at("10.0.0.2:0")};
        CHECK(advertised("0.0.0.0:81", "", all) == "172.17.0.1:81");
        CHECK(advertised("[::]:81", "", all) == "172.17.0.1:81");
        all.resize(4);
        CHECK(advertised("[::]:81", "", all) == "[fd00::5]:81");
        CHECK(advertised("0.0.0.0:81", "", all) == "203.0.113.9:81");
        all.resize(1);
        CHECK(advertised("0.0.0.0:81", "", all) == "127.0.0.1:81");
        CHECK(advertised("0.0.0.0:81", "") == "127.0.0.1:81");
    }

    TEST_CASE("messages are cut out of a stream of bytes, however they arrive") {
        const std::string all = kFirst + kSecond + kThird;
        Cut whole;
        CHECK(whole.feed(all) == MessageReader::Got::more);
        CHECK(whole.got == "1:ab 2:cdef 3: ");
        CHECK(whole.reader.between());
        Cut bytes;
        for (char c : all) REQUIRE(bytes.feed({&c, 1}) == MessageReader::Got::more);
        CHECK(bytes.got == whole.got);
        for (size_t at = 0; at < all.size(); at++) {
            Cut halves;
            halves.feed(all.substr(0, at));
            CHECK(halves.feed(all.substr(at)) == MessageReader::Got::more);
            CHECK(halves.got == whole.got);
        }
    }

    TEST_CASE("what is no message, or too long for one, breaks the reader for ever") {
        const std::string bad[] = {
            "\n\n\n",
            "GET\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                std::string(101, 'x'),
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nA: " + std::string(2000, 'a'),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        };
        for (const std::string& data : bad) {
            CAPTURE(data);
            Cut c;
            c.feed(data);
            CHECK(c.feed(kFirst + kFirst) == MessageReader::Got::broken);
            CHECK(c.feed(kFirst) == MessageReader::Got::broken);
            CHECK(c.reader.why());
        }
    }

    TEST_CASE("requests in envelopes are read, and answered in them") {
        auto json = unwrap_request(Envelope::json,
                                   R"({"id":3,"method":"Say.Hello","params":[{"a":[1,2]}, 2]})");
        CHECK(json.good);
        CHECK(json.endpoint == "Say.Hello");
        CHECK(json.id == "3");
        CHECK(json.body == R"({"a":[1,2]})");
        CHECK(unwrap_request(Envelope::json, R"({"params":[]})").body.empty());
        for (const char* text : {"", "[]", "{}", R"({"params":null})", R"({"params":{}})", "{\"pa"})
            CHECK_FALSE(unwrap_request(Envelope::json, text).good);
        const std::string proto =
            "\0\0\0\x14\n\tSay.Hello\x11\x05\0\0\0\0\0\0\0\0\0\0\x06\n\x04John"s;
        auto p = unwrap_request(Envelope::proto, proto);
        CHECK(p.good);
        CHECK(p.endpoint == "Say.Hello");
        CHECK(p.id == "5");
        CHECK(p.body == "\n\x04John");
        for (size_t n = 0; n < proto.size(); n++) {
            if (n == 24) continue;  // a header alone is a request with an empty message
            CHECK_FALSE(unwrap_request(Envelope::proto, proto.substr(0, n)).good);
        }
        std::string ok, failed;
        wrap_reply(Envelope::json, ok, "3", "", {});
        CHECK(ok == "{\"id\":\"3\",\"result\":{},\"error\":null}\n");
        wrap_reply(Envelope::json, failed, "3", "ignored", "no \"way\"");
        CHECK(failed == "{\"id\":\"3\",\"result\":null,\"error\":\"no \\\"way\\\"\"}\n");
        std::string reply;
        wrap_reply(Envelope::proto, reply, "0", "\n\nHello John", {});
        CHECK(reply == "\0\0\0\r\n\0\x11\0\0\0\0\0\0\0\0\x1a\0\0\0\0\x0c\n\nHello John"s);
        CHECK(unwrap(Envelope::proto, reply).body == "\n\nHello John");
    }

    TEST_CASE("an error is one line of bounded length, and never nothing") {
        CHECK(mucp::error_line("a\r\nX: b") == "a  X: b");
        CHECK(mucp::error_line(" \n") == "unknown error");
        CHECK(mucp::error_line("h\xc3\xa9") == "h\xc3\xa9");
        CHECK(mucp::error_line(std::string(100'000, 'x')).size() < 10'000);
    }

    TEST_CASE("our own nodes are shown in our table and never called") {
        std::vector<std::function<void()>> posted;
        registry::Table table([&](std::function<void()> f) { posted.push_back(std::move(f)); });
        table.never_call("s-1");
        registry::Feed feed = table.open("test", 1);
        feed.upsert({"s", "1", {}, {}, {{"s-1", "127.0.0.1:1", {}}, {"s-2", "127.0.0.1:2", {}}}});
        feed.synced();
        for (auto& f : std::exchange(posted, {})) f();
        const registry::ServiceNodes* nodes = table.snapshot()->find("s");
        REQUIRE(nodes);
        CHECK(nodes->nodes.size() == 2);
        REQUIRE(nodes->callable().size() == 1);
        CHECK(nodes->callable()[0].node.id == "s-2");
    }
}
