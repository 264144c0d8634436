// SPDX-License-Identifier: Apache-2.0
#include "http/h1/parse_response.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http/h1/head_scan.hpp"

using namespace microhost::http;

namespace {

struct Parsed {
    std::string bytes;
    ResponseHead head;
    Refusal refusal;

    explicit Parsed(std::string text, Method method = Method::get) : bytes(std::move(text)) {
        static h1::Parser parser;
        HeadScan scan;
        scan.request = false;
        refusal = {502, "scan"};
        if (scan.feed(bytes.data(), bytes.size()) != HeadScan::complete) return;
        if (scan.size() != bytes.size()) return;
        refusal = h1::parse_response(bytes.data(), bytes.size(), parser, head, method);
    }
    Parsed(const Parsed&) = delete;
};

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("the framing of a response follows request, status and fields") {
        struct Case {
            const char* head;
            Method method;
            Framing framing;
            uint64_t length;
            bool kept;
        };
        const Method get = Method::get, head = Method::head;
        for (const Case& c : {
                 Case{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", get, Framing::length, 5, true},
                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n", get, Framing::chunked, 0,
                  true},
                 {"HTTP/1.1 200 OK\r\n", get, Framing::until_close, 0, false},
                 {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", head, Framing::none, 5, true},
                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", head, Framing::none, 0,
                  true},
                 {"HTTP/1.1 200 OK\r\n", head, Framing::none, 0, true},
                 {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n", get, Framing::none, 9,
                  true},
                 {"HTTP/1.1 204 No Content\r\n", get, Framing::none, 0, true},
                 {"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n", get, Framing::none, 9, false},
                 {"HTTP/1.1 100 Continue\r\n", get, Framing::none, 0, true},
                 {"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n", get,
                  Framing::none, 0, true},
                 {"HTTP/1.1 200\r\nContent-Length: 0\r\n", get, Framing::length, 0, true},
                 {"HTTP/1.1 200 \r\nContent-Length: 1\r\nConnection: close\r\n", get,
                  Framing::length, 1, false},
                 {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n", get, Framing::length, 1, false},
                 {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n", get,
                  Framing::length, 1, true},
             }) {
            const Parsed p(std::string(c.head) + "\r\n", c.method);
            CHECK_MESSAGE(!p.refusal, c.head);
            CHECK_MESSAGE(p.head.framing == c.framing, c.head);
            CHECK_MESSAGE(p.head.content_length == c.length, c.head);
            CHECK_MESSAGE(p.head.keep_alive == c.kept, c.head);
        }
        const Parsed p("HTTP/1.1 404 Not  Found\xe9\r\nServer: x y \r\n\r\n");
        CHECK(p.head.status == 404);
        CHECK(p.head.reason == "Not  Found\xe9");
        CHECK(p.head.headers.value(MH_H_SERVER) == "x y");
    }

    TEST_CASE("a response with two readings is refused as a bad gateway") {
        for (const char* head : {
                 "HTTP/1.1 099 X\r\n",
                 "HTTP/1.1 600 X\r\n",
                 "HTTP/1.1 9999 X\r\n",
                 "HTTP/1.1 20 X\r\n",
                 "HTTP/1.1 2x0 X\r\n",
                 "HTTP/2.0 200 OK\r\n",
                 "HTTP/1.2 200 OK\r\n",
                 "http/1.1 200 OK\r\n",
                 "HTTP/1.1  200 OK\r\n",
                 "HTTP/1.1 200OK\r\n",
                 "ICY 200 OK\r\n",
                 "\r\nHTTP/1.1 200 OK\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 5,5\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n",
                 "HTTP/1.1 304 OK\r\nContent-Length: x\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n",
                 "HTTP/1.1 200 OK\r\nfoobar\r\n",
                 "HTTP/1.1 200 OK\r\nA: 1\r\n Content-Length: 9\r\n",
                 "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n",
                 "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n",
                 "HTTP/1.1 200 O\x01K\r\n",
             })
            CHECK_MESSAGE(Parsed(std::string(head) + "\r\n").refusal.status == 502, head);
        std::string many = "HTTP/1.1 200 OK\r\n";
        for (unsigned i = 0; i <= kMaxHeaders; i++) many += "A: b\r\n";
        CHECK(Parsed(many + "\r\n").refusal.status == 502);
    }
}
