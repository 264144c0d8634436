// SPDX-License-Identifier: Apache-2.0
#include "json/schema.hpp"

#include <doctest/doctest.h>

#include "json/document.hpp"

using microhost::json::Document;
using microhost::json::Schema;
using microhost::json::SchemaOptions;

namespace {

Document parsed(std::string_view text) {
    auto r = Document::parse(text);
    REQUIRE_MESSAGE(r.has_value(), text);
    return *r;
}

std::string verdict(std::string_view schema, std::string_view value, std::string_view where = {}) {
    const auto compiled = Schema::compile(parsed(schema).root());
    if (!compiled) return "schema: " + compiled.error().what;
    const auto r = compiled->validate(parsed(value).root(), where);
    return r ? "ok" : r.error().what;
}

std::string compile(std::string_view schema) {
    const auto r = Schema::compile(parsed(schema).root());
    return r ? "ok" : r.error().what;
}

}  // namespace

TEST_SUITE("host/json") {
    TEST_CASE("a violation is one sentence with pointer, expectation, value and keyword") {
        struct Case {
            const char *schema, *value, *what;
        };
        for (const Case& c : {
                 Case{R"({"properties":{"rate":{"type":"integer"}}})", R"({"rate":"x"})",
                      "/rate must be an integer, but is \"x\" (type)"},
                 Case{R"({"properties":{"rate":{"type":["integer","null","boolean"]}}})",
                      R"({"rate":[]})",
                      "/rate must be an integer, null or true or false, but is an array (type)"},
                 Case{R"({"properties":{"h":{"enum":["rpc","meta","api"]}}})", R"({"h":"rcp"})",
                      "/h must be \"rpc\", \"meta\" or \"api\", but is \"rcp\" (enum)"},
                 Case{R"({"properties":{"n":{"minimum":1}}})", R"({"n":0})",
                      "/n must be at least 1, but is 0 (minimum)"},
                 Case{R"({"properties":{"n":{"maximum":5,"exclusiveMaximum":true}}})", R"({"n":5})",
                      "/n must be less than 5, but is 5 (maximum)"},
                 Case{R"({"required":["a","b"]})", R"({"a":1})",
                      "the document lacks the key \"b\" (required)"},
                 Case{R"({"properties":{"s":{"pattern":"^[a-z]+$"}}})", R"({"s":"A"})",
                      "/s must match the pattern \"^[a-z]+$\", but is \"A\" (pattern)"},
                 Case{R"({"properties":{"s":{"minLength":3}}})", R"({"s":"é"})",
                      "/s must have at least 3 characters, but is \"é\" (minLength)"},
                 Case{R"({"items":{"type":"string"}})", R"(["a",1])",
                      "/1 must be a string, but is 1 (type)"},
                 Case{R"({"uniqueItems":true})", R"([1,1])",
                      "/1 must differ from the elements before it, but is 1 (uniqueItems)"},
                 Case{R"({"properties":{"a/b":{"properties":{"c":{"type":"null"}}}}})",
                      R"({"a/b":{"c":1}})", "/a~1b/c must be null, but is 1 (type)"},
                 Case{R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1",
                      "the document must have one of the forms that the schema allows, but is 1 "
                      "(anyOf)"},
                 Case{
                     R"({"properties":{"token":{"type":"string","pattern":"^x","x-secret":true}}})",
                     R"({"token":"hunter2"})", "/token must match the pattern \"^x\" (pattern)"},
                 Case{R"({"type":"object"})", R"({"free":1})", "ok"},
                 Case{R"({"properties":{"a":{"type":"number"}}})", R"({"a":1})", "ok"},
                 Case{"{}", "[1,{}]", "ok"},
             })
            CHECK(verdict(c.schema, c.value) == c.what);
        CHECK(verdict(R"({"type":"string"})", "1", "/modules/api/handler") ==
              "/modules/api/handler must be a string, but is 1 (type)");
    }

    TEST_CASE("an unknown key is refused with the nearest known one") {
        const char* schema =
            R"({"properties":{"address":{"type":"string"},"tls":{"properties":{"cert":{}}}}})";
        CHECK(verdict(schema, R"({"adress":":1"})", "/listeners/edge") ==
              "unknown key \"adress\" in /listeners/edge; did you mean \"address\"?");
        CHECK(verdict(schema, R"({"tls":{"zzzzz":1}})") == "unknown key \"zzzzz\" in /tls");
        CHECK(verdict(schema, R"({"other":1})") == "unknown key \"other\"");
        CHECK(verdict(R"({"properties":{"a":{}},"additionalProperties":true})", R"({"b":1})") ==
              "ok");
        CHECK(verdict(R"({"additionalProperties":{"properties":{"use":{}}}})",
                      R"({"x":{"uze":1}})") == "unknown key \"uze\" in /x; did you mean \"use\"?");
        CHECK(verdict(R"({"items":{"properties":{"use":{}}}})", R"([{},{"uze":1}])") ==
              "unknown key \"uze\" in /1; did you mean \"use\"?");
    }

    TEST_CASE("an open schema takes unknown keys unless it says otherwise") {
        SchemaOptions open;
        open.closed = false;
        const auto lax = Schema::compile(parsed(R"({"properties":{"a":{}}})").root(), open);
        CHECK(lax->validate(parsed(R"({"b":1})").root()).has_value());
        const auto strict = Schema::compile(
            parsed(R"({"properties":{"a":{}},"additionalProperties":false})").root(), open);
        CHECK_FALSE(strict->validate(parsed(R"({"b":1})").root()).has_value());
    }

    TEST_CASE("all unknown keys and a wrong value are found in one check") {
        const auto schema =
            Schema::compile(parsed(R"({"properties":{"n":{"type":"integer"}}})").root());
        const auto found = schema->check(parsed(R"({"x":1,"n":"s","y":2})").root(), "/m");
        REQUIRE(found.size() == 3);
        CHECK(found[0].text == "unknown key \"x\" in /m");
        CHECK(found[1].pointer == "/y");
        CHECK(found[2].text == "/m/n must be an integer, but is \"s\" (type)");
        CHECK(found[2].keyword == "type");
    }

    TEST_CASE("a schema with a keyword that would not be checked is refused") {
        struct Case {
            const char *schema, *what;
        };
        for (const Case& c : {
                 Case{R"({"propertys":{}})",
                      "/propertys: this keyword is not supported; did you mean \"properties\"?"},
                 Case{R"({"$ref":"#"})", "/$ref: this keyword is not supported"},
                 Case{R"({"properties":{"a":{"const":1}}})",
                      "/properties/a/const: this keyword is not supported"},
                 Case{R"({"type":"int"})",
                      "/type: must be the name of a JSON type, or a list of them"},
                 Case{R"({"minLength":-1})", "/minLength: must be a count from 0 to 2^30"},
                 Case{R"({"minLength":4294967296})", "/minLength: must be a count from 0 to 2^30"},
                 Case{R"({"multipleOf":0})", "/multipleOf: must be a number above 0"},
                 Case{R"({"items":[{}]})", "/items: a schema must be an object"},
                 Case{R"({"anyOf":[]})", "/anyOf: must be a list of schemas"},
                 Case{R"({"required":["a","a"]})", "/required: must be a list of different names"},
                 Case{R"({"x-anything":[1],"description":"d","default":3})", "ok"},
                 Case{"[]", "the schema: a schema must be an object"},
             })
            CHECK(compile(c.schema) == c.what);
    }

    TEST_CASE("a pattern that the matcher could choke on is refused") {
        for (const char* bad : {"",
                                "()",
                                "(a*)*",
                                "(a|b)+",
                                "a**",
                                "a{2}{3}",
                                "a{1000}",
                                "a{0}",
                                "a{3,2}",
                                "a{",
                                "[",
                                "[]",
                                "(",
                                ")",
                                "a|",
                                "|a",
                                "\\\\d",
                                "a\\\\",
                                "*",
                                "^*",
                                "((((((((((a))))))))))",
                                "a$b",
                                "a{9999999999999}",
                                "a\\u0000b",
                                "a{,2}"}) {
            const std::string schema = std::string(R"({"pattern":")") + bad + "\"}";
            CHECK_MESSAGE(compile(schema) != "ok", bad);
        }
        CHECK(compile("{\"pattern\":\"" + std::string(257, 'a') + "\"}") != "ok");
    }

    TEST_CASE("patterns within the subset match as written") {
        struct Case {
            const char *pattern, *text;
            bool matches;
        };
        for (const Case& c : {
                 Case{"^[a-z][a-z0-9_-]*$", "rate-limit", true},
                 Case{"^[a-z][a-z0-9_-]*$", "Rate", false},
                 Case{"^(GET|POST)$", "POST", true},
                 Case{"^(GET|POST)$", "POSTS", false},
                 Case{"a{2,3}b", "xaab", true},
                 Case{"^a{2,3}$", "aaaa", false},
                 Case{"^a{0,}b$", "b", true},
                 Case{"^[^/]+$", "a/b", false},
                 Case{"^.\\\\.é?$", "x.é", true},
                 Case{"^a{3,}$", "aa", false},
             }) {
            const std::string schema = std::string(R"({"pattern":")") + c.pattern + "\"}";
            const bool ok = verdict(schema, std::string("\"") + c.text + "\"") == "ok";
            CHECK_MESSAGE(ok == c.matches, c.pattern, " on ", c.text);
        }
    }

    TEST_CASE("a schema survives the document it was made from") {
        auto compiled = [] { return Schema::compile(parsed(R"({"required":["kept"]})").root()); }();
        CHECK(compiled->validate(parsed("{}").root()).error().what ==
              "the document lacks the key \"kept\" (required)");
    }

    TEST_CASE("a huge schema is refused instead of compiled") {
        std::string wide = R"({"properties":{)";
        for (int i = 0; i < 513; ++i) wide += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":{}";
        CHECK(compile(wide + "}}") == "/properties: must be an object of at most 512 schemas");
        std::string many = R"({"anyOf":[{})";
        for (int i = 0; i < 5000; ++i) many += ",{}";
        CHECK(compile(many + "]}") == "more than 4096 schemas in one");
    }
}
