// SPDX-License-Identifier: Apache-2.0
#include "net/address.hpp"

#include <doctest/doctest.h>

using namespace microhost;
using net::Address;
using net::PrefixSet;

TEST_SUITE("host/net") {
    TEST_CASE("addresses are read and printed in one form") {
        const struct {
            const char *text, *printed, *ip;
            bool loopback;
        } rows[] = {
            {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", true},
            {"127.255.0.9:65535", "127.255.0.9:65535", "127.255.0.9", true},
            {"localhost:80", "127.0.0.1:80", "127.0.0.1", true},
            {"10.1.2.3:8080", "10.1.2.3:8080", "10.1.2.3", false},
            {"0.0.0.0:1", "0.0.0.0:1", "0.0.0.0", false},
            {"[::1]:80", "[::1]:80", "::1", true},
            {"[2001:db8::1]:443", "[2001:db8::1]:443", "2001:db8::1", false},
            {"[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]:443", "2001:db8::1", false},
            {"[::ffff:10.0.0.1]:5", "10.0.0.1:5", "10.0.0.1", false},
            {"[::ffff:127.0.0.1]:5", "127.0.0.1:5", "127.0.0.1", true},
            {"unix:/run/x.sock", "unix:/run/x.sock", "unix", true},
            {"unix:@name", "unix:@name", "unix", true},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            auto a = Address::parse(row.text);
            REQUIRE(a.has_value());
            CHECK(a->text() == row.printed);
            char ip[46];
            CHECK(std::string_view(ip, a->ip_text(ip, sizeof ip)) == row.ip);
            CHECK(a->is_loopback() == row.loopback);
        }
        auto every = Address::parse(":8080");
        REQUIRE(every.has_value());
        CHECK(every->port() == 8080);
        CHECK_FALSE(every->is_loopback());
    }

    TEST_CASE("what is not an address is refused with the text in the message") {
        const std::string long_path = "unix:/" + std::string(108, 'x');
        for (const std::string text : {"",
                                       "8080",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:65536",
                                       "127.0.0.1:-1",
                                       "127.0.0.1:8o",
                                       "127.0.0.1:80 ",
                                       " 127.0.0.1:80",
                                       "127.0.0.1:+80",
                                       "::1:80",
                                       "[::1]",
                                       "[::1:80",
                                       "1.2.3:80",
                                       "1.2.3.4.5:80",
                                       "256.0.0.1:80",
                                       "example.org:80",
                                       "[]:x",
                                       "[fe80::1%lo]:80",
                                       "unix:",
                                       long_path.c_str()}) {
            CAPTURE(text);
            auto a = Address::parse(text);
            REQUIRE_FALSE(a.has_value());
            CHECK(a.error().what.find(text) != std::string::npos);
        }
    }

    TEST_CASE("an address belongs to a range whichever way it is written") {
        const struct {
            const char *range, *address;
            bool in;
        } rows[] = {
            {"10.0.0.0/8", "10.255.255.255:1", true},
            {"10.0.0.0/8", "11.0.0.0:1", false},
            {"10.0.0.0/8", "[::ffff:10.1.1.1]:1", true},
            {"::ffff:10.0.0.0/104", "10.1.1.1:1", true},
            {"10.0.0.0/9", "10.127.0.1:1", true},
            {"10.0.0.0/9", "10.128.0.1:1", false},
            {"192.0.2.7", "192.0.2.7:1", true},
            {"192.0.2.7", "192.0.2.6:1", false},
            {"192.0.2.7/31", "192.0.2.6:1", true},
            {"0.0.0.0/0", "203.0.113.9:1", true},
            {"0.0.0.0/0", "[2001:db8::1]:1", false},
            {"::/0", "[2001:db8::1]:1", true},
            {"::1", "[::1]:1", true},
            {"::1", "127.0.0.1:1", false},
            {"2001:db8::/33", "[2001:db8:7fff::1]:1", true},
            {"2001:db8::/33", "[2001:db8:8000::1]:1", false},
            {"unix", "unix:/x", true},
            {"unix", "127.0.0.1:1", false},
            {"10.0.0.0/8", "unix:/x", false},
            {"loopback", "127.9.9.9:1", true},
            {"loopback", "[::1]:1", true},
            {"loopback", "unix:@x", true},
            {"loopback", "128.0.0.1:1", false},
            {"private", "172.31.255.255:1", true},
            {"private", "172.32.0.0:1", false},
            {"private", "192.168.1.1:1", true},
            {"private", "[fd00::1]:1", true},
            {"private", "127.0.0.1:1", false},
        };
        for (const auto& row : rows) {
            CAPTURE(row.range);
            CAPTURE(row.address);
            PrefixSet set;
            REQUIRE(set.add(row.range).has_value());
            CHECK_FALSE(set.empty());
            CHECK(set.contains(Address::parse(row.address).value()) == row.in);
        }
        CHECK_FALSE(PrefixSet().contains(Address::parse("127.0.0.1:1").value()));
        CHECK(PrefixSet().empty());
    }

    TEST_CASE("what is not a range is refused") {
        for (const char* text : {"", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                                 "10.0.0.0/8/8", "::/129", "example.org", "[::1]", "10.0.0.1:80"}) {
            CAPTURE(text);
            PrefixSet set;
            CHECK_FALSE(set.add(text).has_value());
            CHECK(set.empty());
        }
    }
}
