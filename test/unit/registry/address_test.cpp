// SPDX-License-Identifier: Apache-2.0
#include "registry/address.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>

using namespace microhost::registry;

TEST_SUITE("host/registry/address") {
    TEST_CASE("an IPv4 address is ready to connect to") {
        auto a = parse_address("192.0.2.7:8080");
        REQUIRE(a.has_value());
        CHECK(a->resolved());
        CHECK(a->length == sizeof(sockaddr_in));
        CHECK(a->socket.v4.sin_family == AF_INET);
        CHECK(ntohs(a->socket.v4.sin_port) == 8080);
        CHECK(ntohl(a->socket.v4.sin_addr.s_addr) == 0xC0000207U);
    }

    TEST_CASE("an IPv6 address stands in brackets") {
        auto a = parse_address("[2001:db8::1]:443");
        REQUIRE(a.has_value());
        CHECK(a->length == sizeof(sockaddr_in6));
        CHECK(a->socket.any.sa_family == AF_INET6);
        CHECK(ntohs(a->socket.v6.sin6_port) == 443);
        CHECK(a->host == "2001:db8::1");
    }

    TEST_CASE("a host name waits for the resolver") {
        auto a = parse_address("greeter.example:9000");
        REQUIRE(a.has_value());
        CHECK_FALSE(a->resolved());
        CHECK(a->host == "greeter.example");
        CHECK(a->port == 9000);
    }

    TEST_CASE("what is not an address is refused") {
        for (const char* text : {"",           ":",          "host",           "host:",
                                 "host:0",     "host:65536", "host:-1",        "host:1x",
                                 ":80",        "a b:80",     "a/b:80",         "a\r\nX: y:80",
                                 "[::1:80",    "::1:80",     "[nope]:80",      "[]:80",
                                 "host:80:90", "-rf:80",     "[127.0.0.1]:80", "h\xc3\xa9:80"}) {
            CAPTURE(text);
            CHECK_FALSE(parse_address(text).has_value());
        }
        CHECK_FALSE(parse_address(std::string(300, 'a') + ":80").has_value());
    }

    TEST_CASE("Micro 1.7's separate port is joined, a port in the address is kept") {
        CHECK(join_address("192.0.2.7", 80) == "192.0.2.7:80");
        CHECK(join_address("fd00::2", 80) == "[fd00::2]:80");
        CHECK(join_address("[fd00::2]", 80) == "[fd00::2]:80");
        CHECK(join_address("host", 80) == "host:80");
        CHECK(join_address("host:90", 80) == "host:90");
        CHECK(join_address("host", 0) == "host");
    }
}
