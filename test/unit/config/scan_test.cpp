// SPDX-License-Identifier: Apache-2.0
#include "config/scan.hpp"

#include <doctest/doctest.h>

using microhost::config::Scan;
using microhost::config::scan;
using Words = std::vector<std::string>;

namespace {

Scan scanned(const Words& args) {
    auto r = scan(args);
    REQUIRE_MESSAGE(r.has_value(), r.error().what);
    return *r;
}

}  // namespace

TEST_SUITE("host/config") {
    TEST_CASE("the first pass finds the file and what to do, whatever the modules' flags are") {
        const Scan s =
            scanned({"--api-handler", "rpc", "--config=/x.json", "--enable_rpc", "--check-config"});
        CHECK(s.config == "/x.json");
        CHECK(s.check_config);
        CHECK_FALSE(s.help);
        CHECK(s.verb.empty());
        CHECK(s.flags.size() == 5);
    }

    TEST_CASE("the first word that is no value is the verb, and what follows is its own") {
        const Scan s = scanned({"--log_level", "debug", "inspect", "x.so", "--config", "--help"});
        CHECK(s.verb == "inspect");
        CHECK(s.args == Words{"x.so", "--config", "--help"});
        CHECK(s.flags == Words{"--log_level", "debug"});
        CHECK_FALSE(s.help);
    }

    TEST_CASE("two dashes end the flags") {
        const Scan s = scanned({"--", "--list"});
        CHECK(s.verb == "--list");
    }

    TEST_CASE("a shell pattern behind --load gives several modules") {
        CHECK(scanned({"--load", "a.so", "b.so", "c.so"}).verb.empty());
        CHECK(scanned({"--load", "a.so", "list"}).verb == "list");
    }

    TEST_CASE("slips of the first pass are one sentence") {
        struct Case {
            Words args;
            const char* what;
        };
        for (const Case& c : {Case{{"--config"}, "--config needs a value"},
                              Case{{"-x"}, "-x: flags begin with two dashes; see --help"},
                              Case{{"--config", "--help"}, "--config needs a value"},
                              Case{{"--config="}, "--config needs a file"},
                              Case{{"--=1"}, "--=1: a flag without a name"}}) {
            const auto r = scan(c.args);
            CHECK((r ? "accepted" : r.error().what) == std::string(c.what));
        }
        CHECK(scanned({"-h"}).help);
        CHECK(scanned({"--version"}).version);
        CHECK_FALSE(scanned({"--help=false"}).help);
    }
}
