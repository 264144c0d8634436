// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>

#include "fake_host.hpp"
#include "modules/router/table.hpp"

using namespace microhost::router;
using microhost::test::Json;

namespace {

std::vector<Rule> rules_of(const std::string& text, Reader reader = Reader::handler) {
    mh::the_table<mh_json> = &microhost::test::kJsonTable;
    const Json json(text);
    return read_rules(mh::json_value(json.root()), "/routes", reader);
}

Rule rule_of(const std::string& conditions) {
    return rules_of("[{" + conditions + (conditions.empty() ? "" : ",") +
                    R"("to":{"status":200}}])")
        .front();
}

struct Asked {
    std::string method = "GET", authority = "a.example", path = "/", query;
    std::map<std::string, std::string, std::less<>> headers;
};

bool fits(const Rule& r, const Asked& a) {
    std::vector<std::string_view> parts;
    return r.matches({a.method, a.authority, a.path, a.query,
                      [&](std::string_view name) {
                          const auto found = a.headers.find(name);
                          return found == a.headers.end() ? std::string_view()
                                                          : std::string_view(found->second);
                      }},
                     parts);
}

std::string at(const Rule& r, std::string_view path) {
    std::vector<std::string_view> parts;
    REQUIRE(r.path.matches(path, parts));
    return expanded(r.targets[0], {path, "q=1", "a.example", &parts});
}

}  // namespace

TEST_SUITE("modules/router") {
    TEST_CASE("paths: exact, below, by a template") {
        const auto path = [](const std::string& rule, const char* p) {
            return fits(rule_of(rule), {.path = p});
        };
        CHECK(path(R"("path":"/a")", "/a"));
        CHECK(!path(R"("path":"/a")", "/a/"));
        CHECK(path(R"("prefix":"/a")", "/a"));
        CHECK(path(R"("prefix":"/a/")", "/a/b"));
        CHECK(!path(R"("prefix":"/a")", "/ab"));
        CHECK(path(R"("prefix":"/")", "/any"));
        CHECK(path(R"("template":"/u/{id}")", "/u/7"));
        CHECK(!path(R"("template":"/u/{id}")", "/u/"));
        CHECK(!path(R"("template":"/u/{id}")", "/u"));
        CHECK(!path(R"("template":"/u/{id}")", "/u/7/x"));
        CHECK(!path(R"("template":"/u/{id}")", "/v/7"));
        CHECK(path(R"("template":"/")", "/"));
        CHECK(!path(R"("template":"/")", "/x"));
    }

    TEST_CASE("methods, fields and query must be as they are said") {
        CHECK(fits(rule_of(R"("method":["GET","PUT"])"), {.method = "PUT"}));
        CHECK(!fits(rule_of(R"("method":["GET"])"), {.method = "HEAD"}));
        CHECK(fits(rule_of(R"("header":{"X-A":"1"})"), {.headers = {{"X-A", "1"}}}));
        CHECK(!fits(rule_of(R"("header":{"X-A":"1"})"), {.headers = {{"X-A", "2"}}}));
        CHECK(!fits(rule_of(R"("header":{"X-A":"*"})"), {}));
        CHECK(fits(rule_of(R"("header":{"X-A":"*"})"), {.headers = {{"X-A", "2"}}}));
        CHECK(fits(rule_of(R"("query":{"a b":"c"})"), {.query = "x&a+b=c"}));
        CHECK(fits(rule_of(R"("query":{"debug":"*"})"), {.query = "debug"}));
        CHECK(!fits(rule_of(R"("query":{"debug":"1"})"), {.query = "debug=11"}));
        CHECK(!fits(rule_of(R"("query":{"debug":"1"})"), {.query = "debug=%"}));
    }

    // Defects of Micro's router plugin.
    TEST_CASE("a host is compared without its port and in any case") {
        const Rule r = rule_of(R"("host":["a.example","*.b.example"])");
        for (const char* host : {"a.example", "A.example:8080", "x.b.example", "y.x.B.example:1"})
            CHECK_MESSAGE(fits(r, {.authority = host}), host);
        for (const char* host : {"", "b.example", "xb.example", "a.example.evil", ":80"})
            CHECK_MESSAGE(!fits(r, {.authority = host}), host);
        CHECK(fits(rule_of(R"("host":["[::1]"])"), {.authority = "[::1]:80"}));
    }
    TEST_CASE("a rule needs no condition, and a target no weight") {
        CHECK(fits(rule_of(""), {}));
        const auto rules =
            rules_of(R"([{"split":[{"status":201},{"status":202},{"status":203,"weight":0}]}])");
        std::map<uint32_t, int> seen;
        for (uint64_t n = 0; n < 100; ++n) seen[rules[0].choose(n).status]++;
        CHECK(seen == std::map<uint32_t, int>{{201, 50}, {202, 50}});
    }
    TEST_CASE("a body is text as it is") {
        CHECK(rules_of(R"([{"to":{"body":"a: b"}}])")[0].targets[0].body == "a: b");
    }

    TEST_CASE("the same key goes to the same target, and keys spread by weight") {
        const auto rules =
            rules_of(R"([{"by":"client-ip","split":[{"status":201,"weight":3},{"status":202}]}])");
        int first = 0;
        for (int i = 0; i < 4000; ++i) {
            const std::string key =
                "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
            const uint32_t status = rules[0].choose(number_of(key)).status;
            CHECK(rules[0].choose(number_of(key)).status == status);
            first += status == 201;
        }
        CHECK(first > 2850);
        CHECK(first < 3150);
    }

    TEST_CASE("a new path and a redirect are made of the request's parts") {
        const auto rules = rules_of(
            R"([{"template":"/u/{id}/{x}","to":{"url":"http://h/base/","path":"/v2/${x}/${id}"}},
            {"prefix":"/old","to":{"redirect":"https://n.example/${rest}?${query}"}},{"to":{"redirect":"https://${host}${path}"}}])");
        CHECK(at(rules[0], "/u/7/a%20b") == "/v2/a%20b/7");
        CHECK(rules[0].targets[0].base == "/base");
        CHECK(at(rules[1], "/old/a/b") == "https://n.example/a/b?q=1");
        CHECK(at(rules[1], "/old") == "https://n.example/?q=1");
        CHECK(at(rules[2], "/x") == "https://a.example/x");
        // A browser takes "/\" for "//": that would lead out of here.
        CHECK(at(rules_of(R"([{"prefix":"/o","to":{"redirect":"/${rest}"}}])")[0],
                 "/o/\\evil.example") == "/%5Cevil.example");
    }

    TEST_CASE("URLs") {
        Target t;
        REQUIRE(parse_url("https://h.example", t));
        CHECK(t.address == "h.example:443");
        CHECK(t.tls);
        REQUIRE(parse_url("http://[::1]:81/a", t));
        CHECK(t.address == "[::1]:81");
        CHECK(!t.tls);
        REQUIRE(parse_url("unix:/run/x", t));
        for (const char* wrong : {"", "h:80", "ftp://h", "http://", "http:///a", "http://u@h",
                                  "http://h/?a", "http://h/a b", "unix:x"})
            CHECK_MESSAGE(!parse_url(wrong, t), wrong);
    }

    TEST_CASE("what makes no sense is refused with its place") {
        for (const char* wrong :
             {R"([{}])", R"([{"to":{}}])", R"([{"to":{"status":200},"split":[{"status":200}]}])",
              R"([{"to":{"service":"a","url":"http://b"}}])",
              R"([{"to":{"service":"a","status":200}}])", R"([{"to":{"url":"b"}}])",
              R"([{"to":{"endpoint":"A.B","url":"http://b"}}])", R"([{"to":{"path":"/a"}}])",
              R"([{"to":{"redirect":"/a","status":200}}])", R"([{"to":{"redirect":"/${id}"}}])",
              R"([{"to":{"service":"a","path":"b"}}])", R"([{"to":{"service":"a","path":"/b?c"}}])",
              R"([{"path":"a","to":{"status":200}}])",
              R"([{"path":"/a","prefix":"/a","to":{"status":200}}])",
              R"([{"template":"/a{b}","to":{"status":200}}])",
              R"([{"template":"//a","to":{"status":200}}])",
              R"([{"template":"/{a}/{a}","to":{"status":200}}])",
              R"([{"by":"x","to":{"status":200}}])",
              R"([{"split":[{"status":200,"weight":0}]}])"}) {
            try {
                rules_of(wrong);
                FAIL_CHECK(wrong);
            } catch (const mh::failure& f) {
                CHECK_MESSAGE(f.where.starts_with("/routes/0"), wrong);
            }
        }
        CHECK_THROWS_AS(rules_of(R"([{"to":{"service":"a"}}])", Reader::filter), mh::failure);
        CHECK(rules_of(R"([{"to":{"path":"/a"}}])", Reader::filter)[0].targets[0].kind ==
              Target::Kind::rewrite);
    }
}
