// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/ip-allow/address_rules.hpp"

using microhost::ip_allow::AddressRules;

TEST_SUITE("modules/ip-allow") {
    TEST_CASE("the first rule that fits decides, however long its network is") {
        AddressRules r;
        for (const char* rule : {"deny 10.0.0.7", "allow 10.0.0.0/24", "deny 10.0.0.0/8",
                                 "10.1.0.0/16", "unix", "deny unix", "2001:db8::/32"})
            REQUIRE_MESSAGE(r.add(rule), rule);
        CHECK(r.allows("10.0.0.7") == false);
        CHECK(r.allows("10.0.0.8") == true);
        CHECK(r.allows("10.1.0.1") == false);  // the wider rule stands first
        CHECK(r.allows("::ffff:10.0.0.8") == true);
        CHECK(r.allows("2001:db8:1::1") == true);
        CHECK(r.allows("unix") == true);
        for (const char* nobody : {"11.0.0.1", "2001:db9::1", "", "localhost", "10.0.0.8, 1.2.3.4"})
            CHECK_MESSAGE(!r.allows(nobody), nobody);
    }

    TEST_CASE("without rules nobody is known") {
        CHECK(!AddressRules().allows("127.0.0.1"));
        CHECK(!AddressRules().allows("unix"));
    }

    TEST_CASE("a file has a rule a line and says which line is none") {
        AddressRules r;
        std::string why;
        REQUIRE(r.add_lines("# who\n\n  allow 10.0.0.0/8  # inside\r\ndeny\t0.0.0.0/0", why));
        CHECK(r.size() == 2);
        CHECK(r.allows("11.0.0.1") == false);
        for (const char* wrong : {"allow", "allow all", "permit 10.0.0.0/8", "10.0.0.0/33",
                                  "10.0.0.1/8", "allow deny ::1"}) {
            CHECK_MESSAGE(!AddressRules().add_lines(std::string("::1\n") + wrong + "\n", why),
                          wrong);
            CHECK(why.starts_with("line 2: "));
        }
    }

    TEST_CASE("a hundred thousand rules are found at once") {
        AddressRules r;
        for (int i = 0; i < 100'000; ++i)
            REQUIRE(r.add("deny 10." + std::to_string(i >> 16) + "." +
                          std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255)));
        CHECK(r.allows("10.1.134.159") == false);
        CHECK(!r.allows("10.1.134.160"));
    }
}
