// SPDX-License-Identifier: Apache-2.0
#include "config/print.hpp"

#include <doctest/doctest.h>

#include "config/frame.hpp"
#include "config_fixture.hpp"
#include "json/schema.hpp"

using namespace microhost;
using namespace microhost::config;

TEST_SUITE("host/config") {
    TEST_CASE(
        "the effective document shows values, origins and no secrets, and is a configuration file "
        "again") {
        Fixture f;
        f.file = R"({"listeners":{"api":{"address":":1"}},"modules":{"api":{"password":"hunter2"}},
                     "filters":{"t":{"use":"auth-token","config":{"file":"x"}}}})";
        f.args = {"--api_handler=rpc", "--loops=2"};
        const std::string text = effective_text(f.config());
        for (const char* line :
             {"\"loops\": 2,  // flag --loops\n", "\"handler\": \"rpc\",  // flag --api_handler\n",
              "\"address\": \":1\"  // test.json:1\n", "\"header_timeout\": \"10s\",  // default\n",
              "\"password\": \"***\"  // test.json:1\n"})
            CHECK_MESSAGE(text.find(line) != text.npos, line);
        CHECK(text.find("hunter2") == text.npos);
        Fixture again;
        again.file = text;
        CHECK(again.text("/modules/api/handler") == "\"rpc\"");
        CHECK(again.text("/host") == f.text("/host"));
        CHECK(again.text("/filters") == f.text("/filters"));
    }

    TEST_CASE("secrets under names that the schema leaves open and in arrays are not shown") {
        Fixture f;
        f.file = R"({"modules":{"api":{"keys":{"one":"sesame","a/b":"hunter2"},"cors":["seen"],
                     "users":[{"name":"jane"},{"name":"joe","token":"swordfish"}]}}})";
        const Config config = f.config();
        CHECK(config.secrets ==
              std::set<std::string>{"/modules/api/password", "/modules/api/keys/one",
                                    "/modules/api/keys/a~1b", "/modules/api/users"});
        const std::string text = effective_text(config);
        CHECK(text.find("seen") != text.npos);
        for (const char* secret : {"sesame", "hunter2", "swordfish"})
            CHECK_MESSAGE(text.find(secret) == text.npos, secret);
    }

    TEST_CASE("help fits 80 columns and shows every flag") {
        const Fixture f;
        const std::string text = help_text(f.modules);
        std::size_t begin = 0;
        while (begin < text.size()) {
            const std::size_t end = text.find('\n', begin);
            CHECK_MESSAGE(end - begin <= 80, text.substr(begin, end - begin));
            begin = end + 1;
        }
        for (const char* part : {"--limits_header_timeout TIME", "[10s]", "--api_handler TEXT",
                                 "Module auth-token", "(also --enable_rpc)", "[meta]"})
            CHECK_MESSAGE(text.find(part) != text.npos, part);
    }

    TEST_CASE("the printed schema accepts a valid file and refuses a wrong one") {
        const Fixture f;
        const auto text = json::Document::parse(
            document_schema({.typed = true, .modules = f.modules, .pretty = true}));
        REQUIRE(text.has_value());
        const auto schema = json::Schema::compile(text->root());
        REQUIRE_MESSAGE(schema.has_value(), schema.error().what);
        const auto accepts = [&](const char* file) {
            return schema->validate(json::Document::parse(file).value().root()).has_value();
        };
        CHECK(
            accepts(R"({"host":{"loops":"auto","access_log":true,"drain_delay":"5s"},"load":["api"],
                          "modules":{"api":{"handler":"rpc"}},"listeners":{"a":{"tls":true}}})"));
        CHECK_FALSE(accepts(R"({"modules":{"api":{"handler":"x"}}})"));
        CHECK_FALSE(accepts(R"({"modules":{"other":{}}})"));
        CHECK_FALSE(accepts(R"({"host":{"plugin_dirs":"/x"}})"));
        CHECK_FALSE(accepts(R"({"listeners":{"a":{"limits":{"x":1}}}})"));
    }

    TEST_CASE("a default that has a word is told by that word, as a file would have it") {
        const auto text = json::Document::parse(document_schema({.typed = true}));
        REQUIRE(text.has_value());
        const json::Value host = text->root().find("properties").find("host").find("properties");
        const json::Value limits = host.find("limits").find("properties");
        CHECK(host.find("loops").find("default").as_string().value_or("") == "auto");
        CHECK(limits.find("max_connections").find("default").as_string().value_or("") == "auto");
    }
}
