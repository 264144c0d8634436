// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <doctest/doctest.h>

#include <set>

#include "config/assemble.hpp"

using namespace microhost;
using namespace microhost::config;

TEST_SUITE("host/config") {
    TEST_CASE("every default in the key table is a valid value, every name is there once") {
        std::set<std::string> names;
        for (const Key& key : keys()) {
            CHECK_MESSAGE(parse_setting(key, key.fallback).has_value(), key.path);
            CHECK_MESSAGE(!key.doc.empty(), key.path);
            CHECK_MESSAGE(names.insert(flag_name(key.path)).second, key.path);
            if (!key.alias.empty())
                CHECK_MESSAGE(names.insert(flag_name(key.alias)).second, key.alias);
        }
    }

    TEST_CASE("the typed structs have the defaults of the key table") {
        Surroundings in;
        const File none = parse_file("", "{}").value();
        const auto config = assemble({.args = {}, .surroundings = in, .file = none});
        REQUIRE_MESSAGE(config.has_value(), config.error().what);
        const HostSettings fresh;
        CHECK(config->host.limits == Limits{});
        CHECK(config->host.workers == fresh.workers);
        CHECK(config->host.loops == fresh.loops);
        CHECK(config->host.drain_delay == fresh.drain_delay);
        CHECK(config->host.drain_timeout == fresh.drain_timeout);
        CHECK(config->host.log.level == fresh.log.level);
        CHECK(config->host.log.format == fresh.log.format);
        CHECK(config->host.log.access_log == fresh.log.access_log);
        CHECK(config->host.tls.min_version == fresh.tls.min_version);
        CHECK(config->host.tls.handshake_timeout == fresh.tls.handshake_timeout);
    }

    TEST_CASE("flags and variables follow from the path") {
        CHECK(flag_name("limits/header_bytes") == "limits_header_bytes");
        CHECK(variable_name("log/level") == "MICROHOST_LOG_LEVEL");
        CHECK(find_flag("access_log") == find_key("log/access_log"));
        CHECK(find_flag("nothing") == nullptr);
    }

    TEST_CASE("lists may have spaces and empty elements") {
        CHECK(split_list(" a, b ,,c") == std::vector<std::string>{"a", "b", "c"});
        CHECK(split_list("").empty());
        CHECK(split_list("/a:/b", ':') == std::vector<std::string>{"/a", "/b"});
    }
}
