// SPDX-License-Identifier: Apache-2.0
#include "net/proxy_protocol.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace microhost::net;
using namespace std::string_literals;

namespace {

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string version2(char command, char family, const std::string& block) {
    return kSignature + command + family + static_cast<char>(block.size() >> 8) +
           static_cast<char>(block.size() & 0xff) + block;
}

std::string padded(std::string path) {
    path.resize(108);
    return path;
}

const std::string kV4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\x30\x39\x01\xbb"s;
const std::string kV6 =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"s
    "\x30\x39\x01\xbb"s;
const std::string kTlv =
    "\x04\0\x03"s
    "abc"s;

struct Good {
    std::string header;
    const char *source, *destination;  // empty: the connection's own hold
};

const std::vector<Good> kGood = {
    {"PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n", "192.0.2.1:12345", "192.0.2.2:443"},
    {"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0", "255.255.255.255:65535"},
    {"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "[2001:db8::1]:1", "[2001:db8::2]:2"},
    {"PROXY UNKNOWN\r\n", "", ""},
    {"PROXY UNKNOWN ffff:f...f:ffff whatever 65535\r\n", "", ""},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "65535 65535\r\n",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {version2('\x21', '\x11', kV4), "192.0.2.1:12345", "192.0.2.2:443"},
    {version2('\x21', '\x11', kV4 + kTlv), "192.0.2.1:12345", "192.0.2.2:443"},
    {version2('\x21', '\x21', kV6), "[2001:db8::1]:12345", "[2001:db8::2]:443"},
    {version2('\x21', '\x21', kV6 + std::string(484, 'x')), "[2001:db8::1]:12345",
     "[2001:db8::2]:443"},
    {version2('\x21', '\x31', padded("/run/a") + padded("/run/b")), "unix:/run/a", "unix:/run/b"},
    {version2('\x21', '\x31', padded("\0abstract"s) + padded("")), "unix:@abstract", "unix:"},
    {version2('\x21', '\0', ""), "", ""},
    {version2('\x20', '\0', ""), "", ""},
    {version2('\x20', '\x11', kV4), "", ""},
    {version2('\x20', '\x7f', kTlv), "", ""},
};

std::string text(const Address& a) { return a.len ? a.text() : ""; }

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("a PROXY header tells who is behind the load balancer, also byte by byte") {
        for (const Good& row : kGood) {
            CAPTURE(row.header);
            const std::string input = row.header + "GET / HTTP/1.1\r\n";
            for (std::size_t n = 0; n < row.header.size(); n++) {
                CAPTURE(n);
                ProxyHeader h;
                REQUIRE(parse_proxy_header(input.data(), n, h) == ProxyParse::need_more);
            }
            for (std::size_t n : {row.header.size(), input.size()}) {
                ProxyHeader h;
                REQUIRE(parse_proxy_header(input.data(), n, h) == ProxyParse::done);
                CHECK(h.size == row.header.size());
                CHECK(text(h.source) == row.source);
                CHECK(text(h.destination) == row.destination);
            }
        }
    }

    TEST_CASE("a malformed PROXY header is refused") {
        const std::vector<std::string> rows = {
            "GET / HTTP/1.1\r\n",
            "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY\r\n",
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP4 \r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
            "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.001 192.0.2.2 1 2\r\n",
            "PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 ::1%lo ::2 1 2\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"s,
            "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
            "PROXY UNKNOWN\n\r\n",
            "PROXY UNKNOWNX\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\n",
            version2('\x11', '\x11', kV4),
            version2('\x22', '\x11', kV4),
            version2('\x21', '\x12', kV4),
            version2('\x21', '\x41', kV4),
            version2('\x21', '\x11', kV4.substr(1)),
            version2('\x21', '\x21', kV6.substr(1)),
            version2('\x21', '\x31', padded("/run/a")),
            version2('\x21', '\x11', kV4 + std::string(509, 'x')),
        };
        for (const std::string& row : rows) {
            CAPTURE(row);
            ProxyHeader h;
            CHECK(parse_proxy_header(row.data(), row.size(), h) == ProxyParse::bad);
            CHECK(h.source.len == 0);
        }
    }

    TEST_CASE("a PROXY line that does not end is refused after 107 bytes") {
        const std::string endless = "PROXY UNKNOWN " + std::string(600, 'x');
        ProxyHeader h;
        CHECK(parse_proxy_header(endless.data(), 106, h) == ProxyParse::need_more);
        CHECK(parse_proxy_header(endless.data(), 107, h) == ProxyParse::bad);
        CHECK(parse_proxy_header(endless.data(), endless.size(), h) == ProxyParse::bad);
        const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
        CHECK(parse_proxy_header(longest.data(), longest.size(), h) == ProxyParse::done);
        CHECK(h.size == 107);
    }
}
