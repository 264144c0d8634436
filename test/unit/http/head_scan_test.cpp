// SPDX-License-Identifier: Apache-2.0
#include "http/h1/head_scan.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::http;

namespace {

struct Found {
    HeadScan::Outcome outcome;
    size_t size, skip, fed;
};

Found scan(const std::string& s, bool request, size_t step) {
    HeadScan h;
    h.request = request;
    for (size_t n = std::min(step, s.size());; n = std::min(n + step, s.size())) {
        const auto outcome = h.feed(s.data(), n);
        if (outcome != HeadScan::need_more || n == s.size()) return {outcome, h.size(), h.skip, n};
    }
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("the end of a head is found however it is cut") {
        const std::string line = "GET / HTTP/1.1\r\n";
        const std::string head =
            line + "Host: a\r\nX-Long: " + std::string(100, 'v') + "\tw\r\n\r\n";
        for (const std::string before : {"", "\r\n", "\r\n\r\n"}) {
            const std::string s = before + head + "BODY\n\0";
            for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, size_t{16}, s.size()}) {
                const Found f = scan(s, true, step);
                CHECK(f.outcome == HeadScan::complete);
                CHECK(f.size == before.size() + head.size());
                CHECK(f.skip == before.size());
            }
        }
        CHECK(scan(head, false, 1).outcome == HeadScan::complete);
        CHECK(scan(line + "\r\n", true, 1).size == line.size() + 2);
        for (size_t n = 0; n < head.size(); n++)
            CHECK(scan(head.substr(0, n), true, 3).outcome == HeadScan::need_more);
    }

    TEST_CASE("bytes that no head may hold are refused at once, wherever they are") {
        const std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";
        for (size_t i = 0; i < head.size(); i++) {
            for (const char c : {'\0', '\n', '\x01', '\x0b', '\x1f', '\x7f'}) {
                std::string s = head;
                if (s[i] == c) continue;
                s[i] = c;
                const size_t lone_cr = i > 0 && head[i - 1] == '\r' ? 1 : 0;
                CHECK(scan(s, true, 1).outcome == HeadScan::bad);
                CHECK(scan(s, true, 1).fed <= i + 1 + lone_cr);
                CHECK(scan(s, true, s.size()).outcome == HeadScan::bad);
            }
        }
        for (const char* s :
             {"GET / HTTP/1.1\rX", "GET / HTTP/1.1\r\r\n", "\n", " GET / HTTP/1.1\r\n",
              "GET / HTTP/1.1\r\n Host: a\r\n", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n", "\r\n\r\n\r\n",
              "\x16\x03\x01"}) {
            CHECK_MESSAGE(scan(s, true, 1).outcome == HeadScan::bad, s);
            CHECK_MESSAGE(scan(s, true, 100).outcome == HeadScan::bad, s);
        }
        CHECK(scan("\r\nHTTP/1.1 200 OK\r\n\r\n", false, 1).outcome == HeadScan::bad);
    }
}
