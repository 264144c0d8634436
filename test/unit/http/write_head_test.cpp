// SPDX-License-Identifier: Apache-2.0
#include "http/h1/write_head.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http/h1/parse_request.hpp"
#include "http/reason.hpp"

using namespace microhost::http;

TEST_SUITE("host/http") {
    TEST_CASE("a forwarded head lacks what belongs to the connection or was nominated by it") {
        std::string in =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Drop, accept, TE\r\nX-Drop: "
            "1\r\nX-Keep: 2\r\n"
            "Accept: b\r\nTE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: "
            "x\r\nProxy-Authorization: y\r\n"
            "Upgrade: h2c\r\nHTTP2-Settings: z\r\nTrailer: q\r\nExpect: 100-continue\r\nCookie: "
            "c\r\n"
            "connection: x-more\r\nx-MORE: 1\r\nContent-Length: 0\r\n\r\n";
        h1::Parser parser;
        RequestHead head;
        REQUIRE(!h1::parse_request(in.data(), in.size(), parser, head));
        char out[512];
        h1::HeadWriter w(out, sizeof out);
        w.request("GET", "/x", true, "y=1");
        w.forward(head.headers, Connection::of(head.headers), id_set({MH_H_EXPECT}));
        w.field("Content-Length", uint64_t{1234567890123});
        w.end();
        CHECK(w.text() ==
              "GET /x?y=1 HTTP/1.1\r\nHost: a\r\nX-Keep: 2\r\nCookie: c\r\nContent-Length: "
              "1234567890123\r\n\r\n");
        CHECK(!w.overflow());
    }

    TEST_CASE("a head that does not fit is known as such and overruns nothing") {
        const auto write = [](h1::HeadWriter& w) {
            w.status(200);
            w.field("A", "b");
            w.field("C", uint64_t{10});
            w.end();
        };
        const std::string whole = "HTTP/1.1 200 OK\r\nA: b\r\nC: 10\r\n\r\n";
        for (size_t capacity = 0; capacity <= whole.size(); capacity++) {
            std::string out(whole.size() + 8, '#');
            h1::HeadWriter w(out.data(), capacity);
            write(w);
            CHECK(w.overflow() == (capacity < whole.size()));
            CHECK(out.substr(capacity) == std::string(out.size() - capacity, '#'));
        }
    }

    TEST_CASE("statuses have their phrases") {
        CHECK(reason(404) == "Not Found");
        CHECK(reason(99).empty());
        CHECK(reason(299).empty());
        CHECK(status_line(503) == "HTTP/1.1 503 Service Unavailable\r\n");
        char out[64];
        h1::HeadWriter w(out, sizeof out);
        w.status(299);
        CHECK(w.text() == "HTTP/1.1 299 \r\n");
    }
}
