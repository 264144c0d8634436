// SPDX-License-Identifier: Apache-2.0
#include "http/forwarded.hpp"

#include <doctest/doctest.h>

using microhost::http::forwarded_element;

TEST_SUITE("host/http") {
    TEST_CASE("an element of Forwarded is quoted where RFC 7239 wants it") {
        CHECK(forwarded_element("192.0.2.43", "a.example", false) ==
              "for=192.0.2.43;host=a.example;proto=http");
        CHECK(forwarded_element("2001:db8:cafe::17", "a.example", true) ==
              "for=\"[2001:db8:cafe::17]\";host=a.example;proto=https");
        CHECK(forwarded_element("192.0.2.43", "a.example:8080", false) ==
              "for=192.0.2.43;host=\"a.example:8080\";proto=http");
        CHECK(forwarded_element("::1", "[::1]:80", false) ==
              "for=\"[::1]\";host=\"[::1]:80\";proto=http");
        CHECK(forwarded_element("unix", "", false) == "for=unknown;proto=http");
        CHECK(forwarded_element("192.0.2.1", "a\";for=b\\", false) ==
              "for=192.0.2.1;host=\"a\\\";for=b\\\\\";proto=http");
    }
}
