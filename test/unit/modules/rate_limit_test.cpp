// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/rate-limit/key.hpp"
#include "modules/rate-limit/rate.hpp"
#include "modules/shared/ip_address.hpp"

using namespace microhost::rate_limit;
using microhost::shared::IpAddress;
using microhost::shared::IpPrefix;

TEST_SUITE("modules/rate-limit") {
    TEST_CASE("a key is read as it is written, and nothing else is one") {
        std::string why;
        const auto parts = parse_key("client-ip+header:X-User+route:2+principal+route", why);
        REQUIRE(parts.size() == 5);
        CHECK(parts[1].kind == KeyPart::Kind::header);
        CHECK(parts[1].header == "X-User");
        CHECK(parts[2].segments == 2);
        CHECK(parts[4].segments == 0);
        for (const char* wrong : {"", "x", "client-ip+", "+route", "header:", "route:", "route:0",
                                  "route:2x", "route:-1", "client-ip route"}) {
            CHECK_MESSAGE(parse_key(wrong, why).empty(), wrong);
            CHECK(why.starts_with("key: "));
        }
    }

    TEST_CASE("the first segments of a path") {
        CHECK(first_segments("/a/b/c", 0) == "/a/b/c");
        CHECK(first_segments("/a/b/c", 1) == "/a");
        CHECK(first_segments("/a/b/c", 3) == "/a/b/c");
        CHECK(first_segments("/a/b/c", 9) == "/a/b/c");
        CHECK(first_segments("/", 1) == "/");
        CHECK(first_segments("", 2).empty());
    }

    TEST_CASE("a rate is so many in so much time") {
        const auto same = [](std::string_view text, double a_second, uint64_t burst) {
            const auto r = Rate::parse(text);
            REQUIRE_MESSAGE(r, text);
            CHECK(static_cast<double>(r->count) * 1000 / static_cast<double>(r->period_ms) ==
                  doctest::Approx(a_second));
            CHECK(r->usual_burst == burst);
        };
        same("5", 5, 5);
        same("5/s", 5, 5);
        same("90/m", 1.5, 90);
        same("7200/h", 2, 7200);
        same("0.5/s", 0.5, 1);
        for (const char* wrong : {"", "0", "-1", "1/d", "1/", "/s", "x", "1e3", "1..2", "1 /s",
                                  "1/S", "99999999999", "nan"})
            CHECK_MESSAGE(!Rate::parse(wrong), wrong);
        CHECK(Rate::a_second(1000000)->count == 1000000000);
        CHECK(!Rate::a_second(0));
        CHECK(Rate::parse("6/m")->seconds_for(2) == 20);
        CHECK(retry_seconds(0) == 1);
        CHECK(retry_seconds(1001) == 2);
    }
}

TEST_SUITE("modules/shared") {
    TEST_CASE("a network contains its addresses and no others") {
        const auto in = [](const char* network, const char* address) {
            return IpPrefix::parse(network)->contains(*IpAddress::parse(address));
        };
        CHECK(in("10.0.0.0/8", "10.255.0.1"));
        CHECK(!in("10.0.0.0/8", "11.0.0.1"));
        CHECK(in("10.0.0.0/8", "::ffff:10.1.2.3"));
        CHECK(in("0.0.0.0/0", "1.2.3.4"));
        CHECK(!in("0.0.0.0/0", "2001:db8::1"));
        CHECK(in("::/0", "2001:db8::1"));
        CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
        CHECK(!in("2001:db8::/33", "2001:db8:8000::1"));
        CHECK(in("192.0.2.7", "192.0.2.7"));
        CHECK(!in("192.0.2.7", "192.0.2.6"));
        for (const char* wrong : {"", "10", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
                                  "::/129", "10.0.0.0/-1", "a.b.c.d", "10.0.0.0 /8", "::1%lo"})
            CHECK_MESSAGE(!IpPrefix::parse(wrong), wrong);
        CHECK(!IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
    }

    TEST_CASE("an address is cut to its network") {
        CHECK(IpAddress::parse("192.0.2.77")->network(24, 64) == *IpAddress::parse("192.0.2.0"));
        CHECK(IpAddress::parse("2001:db8::1:2")->network(24, 64) ==
              *IpAddress::parse("2001:db8::"));
        CHECK(IpAddress::parse("2001:db8::1:2")->network(24, 0) == *IpAddress::parse("::"));
    }
}
