// SPDX-License-Identifier: Apache-2.0
#include "http/h1/parse_request.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http/h1/head_scan.hpp"

using namespace microhost::http;

namespace {

struct Parsed {
    std::string bytes;  // what the views of head point into
    RequestHead head;
    Refusal refusal;

    explicit Parsed(std::string text) : bytes(std::move(text)) {
        static h1::Parser parser;
        HeadScan scan;
        refusal = {400, "scan"};
        if (scan.feed(bytes.data(), bytes.size()) != HeadScan::complete) return;
        if (scan.size() != bytes.size()) return;
        refusal = h1::parse_request(bytes.data(), bytes.size(), parser, head);
    }
    Parsed(const Parsed&) = delete;
};

uint16_t status_of(const std::string& text) { return Parsed(text).refusal.status; }
uint16_t with_fields(const std::string& fields) {
    return status_of("POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("a request head is read into views, in order, with ids and trimmed values") {
        const Parsed p(
            "GET /a/b?c=d HTTP/1.1\r\nhOST: x:80\r\nX-One: \t 1 2 "
            "\t\r\nX-Empty:\r\nx-one:3\r\n\r\n");
        REQUIRE(!p.refusal);
        CHECK(p.head.method == Method::get);
        CHECK(p.head.method_text == "GET");
        CHECK(p.head.target == "/a/b?c=d");
        CHECK(p.head.minor_version == 1);
        CHECK(p.head.keep_alive);
        CHECK(p.head.framing == Framing::none);
        REQUIRE(p.head.headers.count == 4);
        const auto& f = p.head.headers.fields;
        CHECK(view(f[0].name) == "hOST");
        CHECK(f[0].id == MH_H_HOST);
        CHECK(view(f[0].value) == "x:80");
        CHECK(view(f[1].value) == "1 2");
        CHECK(view(f[2].value).empty());
        CHECK(view(f[3].name) == "x-one");
        CHECK(view(f[3].value) == "3");
        CHECK(f[3].id == 0);
        CHECK(!p.head.underscores);
        CHECK(Parsed("GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\n\r\n").head.underscores);
    }

    TEST_CASE(
        "each name has its own value, whether the name is known or not and the value empty or "
        "not") {
        const std::string names[] = {"Accept", "X-Other", "Cookie", "Transfer-Encoding", "Via"};
        for (unsigned empty = 0; empty < 32; empty++) {
            std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
            for (unsigned i = 0; i < 5; i++) {
                const std::string value = names[i].starts_with("T") ? "chunked" : names[i] + "'s";
                const bool bare = empty >> i & 1 && i != 3;
                text += names[i] + ":" + (bare ? "" : " " + value) + "\r\n";
            }
            const Parsed p(text + "\r\n");
            REQUIRE(!p.refusal);
            REQUIRE(p.head.headers.count == 6);
            for (unsigned i = 0; i < 5; i++) {
                const mh_header& h = p.head.headers.fields[i + 1];
                CHECK(view(h.name) == names[i]);
                if (i == 3)
                    CHECK(view(h.value) == "chunked");
                else
                    CHECK(view(h.value) == (empty >> i & 1 ? "" : names[i] + "'s"));
            }
        }
    }

    TEST_CASE("methods are case-sensitive tokens; unknown ones pass, CONNECT and TRACE do not") {
        struct Case {
            const char* method;
            uint16_t status;
            Method is;
        };
        for (const auto& [method, status, is] :
             {Case{"GET", 0, Method::get}, Case{"HEAD", 0, Method::head},
              Case{"POST", 0, Method::post}, Case{"PUT", 0, Method::put},
              Case{"DELETE", 0, Method::del}, Case{"OPTIONS", 0, Method::options},
              Case{"PATCH", 0, Method::patch}, Case{"get", 0, Method::other},
              Case{"QUERY", 0, Method::other}, Case{"X-Y!", 0, Method::other},
              Case{"CONNECT", 405, Method::connect}, Case{"TRACE", 405, Method::trace},
              Case{"GE(T", 400, Method::other}, Case{"PRI", 0, Method::other}}) {
            const Parsed p(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
            CAPTURE(p.bytes);
            CHECK(p.refusal.status == status);
            CHECK(p.head.method == is);
        }
        CHECK(status_of(std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
        CHECK(status_of(std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
    }

    TEST_CASE("request lines that are not exactly of HTTP/1.0 or 1.1 are refused") {
        for (const char* line : {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1.1x",
                                 "GET /\tHTTP/1.1", "GET / http/1.1", "GET / HTTP/11", "GET",
                                 "GET / HTTP/1.10", "GET / /b HTTP/1.1", "GET  HTTP/1.1"})
            CHECK_MESSAGE(status_of(std::string(line) + "\r\nHost: a\r\n\r\n") == 400, line);
        for (const char* version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.1"})
            CHECK(status_of(std::string("GET / ") + version + "\r\nHost: a\r\n\r\n") == 505);
        CHECK(status_of("PRI * HTTP/2.0\r\n\r\n") == 505);
    }

    TEST_CASE("a target in absolute-form gives the path, and its authority replaces Host") {
        struct Case {
            const char *target, *path, *host;
        };
        for (const auto& [target, path, host] :
             {Case{"http://b:81/x?y", "/x?y", "b:81"}, Case{"HTTPS://b", "/", "b"},
              Case{"http://b?q=1", "/?q=1", "b"}, Case{"http://[::1]:8?", "/?", "[::1]:8"},
              Case{"/http://b/", "/http://b/", "a"}, Case{"//b/x", "//b/x", "a"}}) {
            const Parsed p(std::string("GET ") + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
            CAPTURE(p.bytes);
            CHECK(!p.refusal);
            CHECK(p.head.target == path);
            CHECK(p.head.headers.value(MH_H_HOST) == host);
        }
        const Parsed old("GET http://b/ HTTP/1.0\r\n\r\n");
        CHECK(!old.refusal);
        CHECK(old.head.headers.value(MH_H_HOST) == "b");
        for (const char* t : {"a", "*", "http:/b", "http://", "http:///x", "ftp://b/",
                              "http://u@b/", "/a#b", "http://b#c", "http://b:x/", "b:80", "?a"})
            CHECK_MESSAGE(
                status_of(std::string("GET ") + t + " HTTP/1.1\r\nHost: a\r\n\r\n") == 400, t);
        CHECK(Parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head.target == "*");
        CHECK(Parsed("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n").head.target == "*");
    }

    TEST_CASE("there is exactly one Host, and it is a host") {
        CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
        CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 0);
        CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n") == 400);
        CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
        for (const char* good :
             {"a", "a.b-c_d:80", "1.2.3.4", "[::1]", "[fe80::1]:8080", "a:", "%41"})
            CHECK_MESSAGE(
                status_of(std::string("GET / HTTP/1.1\r\nHost: ") + good + "\r\n\r\n") == 0, good);
        for (const char* wrong : {"", " ", "a b", "a/b", "a,b", "u@a", "a:b", "a:80:80", "a:99999",
                                  ":80", "[::1", "[]", "[::1]x", "a\\b", "\xc3\xbc", "a?b", "a#b"})
            CHECK_MESSAGE(
                status_of(std::string("GET / HTTP/1.1\r\nHost: ") + wrong + "\r\n\r\n") == 400,
                wrong);
    }

    TEST_CASE("a body is framed in one way or the request is refused") {
        struct Case {
            const char* fields;
            uint16_t status;
        };
        for (const Case& c : {
                 Case{"Content-Length: 0\r\n", 0},
                 {"Content-Length: 0005\r\n", 0},
                 {"Content-Length: 9223372036854775807\r\n", 0},
                 {"Content-Length: 9223372036854775808\r\n", 400},
                 {"Content-Length: 99999999999999999999999\r\n", 400},
                 {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
                 {"Content-Length: 5, 5\r\n", 400},
                 {"Content-Length: +5\r\n", 400},
                 {"Content-Length: -5\r\n", 400},
                 {"Content-Length: 0x5\r\n", 400},
                 {"Content-Length: 5 5\r\n", 400},
                 {"Content-Length:\r\n", 400},
                 {"Content-Length : 5\r\n", 400},
                 {"Transfer-Encoding: chunked\r\n", 0},
                 {"Transfer-Encoding: CHUNKED\r\n", 0},
                 {"Transfer-Encoding : chunked\r\n", 400},
                 {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
                 {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
                 {"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", 400},
                 {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
                 {"Transfer-Encoding: chunked, chunked\r\n", 400},
                 {"Transfer-Encoding: chunked, gzip\r\n", 400},
                 {"Transfer-Encoding: , chunked\r\n", 400},
                 {"Transfer-Encoding: \"chunked\"\r\n", 400},
                 {"Transfer-Encoding:\r\n", 400},
                 {"Transfer-Encoding: gzip, chunked\r\n", 501},
                 {"Transfer-Encoding: identity\r\n", 501},
                 {"Transfer-Encoding: xchunked\r\n", 501},
             })
            CHECK_MESSAGE(with_fields(c.fields) == c.status, c.fields);
        CHECK(status_of("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
        const Parsed p("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 42\r\n\r\n");
        CHECK(p.head.framing == Framing::length);
        CHECK(p.head.content_length == 42);
    }

    TEST_CASE("malformed field lines are refused") {
        for (const char* line : {"A b: c", "A : c", ": c", "A", "A\t: c", "\xc3\xbc: c", "A(: c",
                                 " A: c", "A: b\x01", "A: b\x7f", "A: b\rc", "A: b\nC: d"})
            CHECK_MESSAGE(with_fields(std::string(line) + "\r\n") == 400, line);
        CHECK(with_fields("A: \xc3\xbc \t \"\r\n") == 0);
        std::string fields;
        for (unsigned i = 1; i < kMaxHeaders; i++) fields += "A: b\r\n";
        CHECK(with_fields(fields) == 0);
        CHECK(with_fields(fields + "A: b\r\n") == 431);
        CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n") == 400);
        CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET") == 400);
        CHECK(status_of("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
        CHECK(status_of("") == 400);
    }

    TEST_CASE("keep-alive follows version and Connection") {
        const auto kept = [](const char* version, const char* fields) {
            const Parsed p(std::string("GET / ") + version + "\r\nHost: a\r\n" + fields + "\r\n");
            CHECK(!p.refusal);
            return p.head.keep_alive;
        };
        CHECK(kept("HTTP/1.1", ""));
        CHECK(!kept("HTTP/1.1", "Connection: Close\r\n"));
        CHECK(!kept("HTTP/1.1", "Connection: x\r\nConnection: keep-alive, close\r\n"));
        CHECK(!kept("HTTP/1.0", ""));
        CHECK(kept("HTTP/1.0", "Connection: Keep-Alive\r\n"));
        CHECK(!kept("HTTP/1.0", "Connection: keep-alive, close\r\n"));
    }

    TEST_CASE("Connection may not remove what a request stands on") {
        for (const char* name :
             {"Host", "content-length", "Authorization", "X-Forwarded-For", "Micro-Service"})
            CHECK_MESSAGE(with_fields(std::string("Connection: close, ") + name + "\r\n") == 400,
                          name);
        CHECK(with_fields("Connection: x-a, accept\r\n") == 0);
        std::string names;
        for (int i = 0; i < 17; i++) names += ",x" + std::to_string(i);
        CHECK(with_fields("Connection: " + names + "\r\n") == 400);
    }

    TEST_CASE("only 100-continue is expected, and only where a body follows") {
        const auto expects = [](const char* version, const char* fields) {
            return Parsed(std::string("POST / ") + version + "\r\nHost: a\r\n" + fields + "\r\n")
                .head.expect_continue;
        };
        CHECK(expects("HTTP/1.1", "Content-Length: 5\r\nExpect: 100-Continue\r\n"));
        CHECK(expects("HTTP/1.1", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
        CHECK(!expects("HTTP/1.1", "Content-Length: 0\r\nExpect: 100-continue\r\n"));
        CHECK(!expects("HTTP/1.0", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
        CHECK(with_fields("Expect: 200-ok\r\n") == 417);
        CHECK(with_fields("Expect:\r\n") == 417);
        CHECK(with_fields("Expect: 100-continue\r\nExpect: 100-continue\r\n") == 417);
    }

    TEST_CASE("only a websocket handshake is an upgrade") {
        const auto upgrades = [](const char* line, const char* fields) {
            const Parsed p(std::string(line) + "\r\nHost: a\r\n" + fields + "\r\n");
            CHECK(!p.refusal);
            return p.head.upgrade_websocket;
        };
        const char* both = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
        const std::string h2c =
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n";
        CHECK(upgrades("GET / HTTP/1.1", both));
        CHECK(!upgrades("POST / HTTP/1.1", both));
        CHECK(!upgrades("GET / HTTP/1.0", both));
        CHECK(!upgrades("GET / HTTP/1.1", "Upgrade: websocket\r\n"));
        CHECK(!upgrades("GET / HTTP/1.1", "Connection: upgrade\r\n"));
        CHECK(!upgrades("GET / HTTP/1.1", h2c.c_str()));
        CHECK(!upgrades("GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n"));
        CHECK(!upgrades("GET / HTTP/1.1", (std::string(both) + "Content-Length: 3\r\n").c_str()));
        CHECK(!upgrades("GET / HTTP/1.1",
                        (std::string(both) + "Transfer-Encoding: chunked\r\n").c_str()));
    }
}
