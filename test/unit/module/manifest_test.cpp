// SPDX-License-Identifier: Apache-2.0
#include "module/manifest.hpp"

#include <doctest/doctest.h>

using namespace microhost::module;

namespace {

std::string with(const std::string& more) {
    return R"({"id":"com.acme.x","version":"1.0.0","abi":{"epoch":1})" + more + "}";
}

std::string problem(const std::string& text) {
    const auto m = parse_manifest(text);
    return m ? "accepted" : m.error().what;
}

}  // namespace

TEST_SUITE("host/module") {
    TEST_CASE("a manifest's filters, commands and reload are read") {
        const auto m = parse_manifest(with(R"(,"requires":["mh.log/1"],"summary":"s",
            "filters":[{"name":"f","phase":"authn","after":["a"],"on_error":"open"},{"phase":250}],
            "commands":[{"name":"go","summary":"goes"}],"reload":{"state_schema":2,"accepts":[1,2]},
            "config_schema":{"type":"object"},"kv":{"durable":true,"later":1},
            "later":{"unknown":true})"));
        REQUIRE(m.has_value());
        CHECK(m->needs == std::vector<std::string>{"mh.log/1"});
        REQUIRE(m->filters.size() == 2);
        CHECK(m->filters[0].on_error == "open");
        CHECK(m->filters[1].name == "com.acme.x");
        CHECK(m->filters[1].phase == "250");
        CHECK(m->commands[0].summary == "goes");
        CHECK(m->state_accepts == std::vector<int64_t>{1, 2});
        CHECK(m->filter_schema().is_object());
        CHECK(m->kv_durable);
        CHECK_FALSE(parse_manifest(with(""))->kv_durable);
    }

    TEST_CASE("what is wrong is said with its key") {
        struct Row {
            std::string text, says;
        };
        const std::vector<Row> rows{
            {"{}", "manifest: key \"id\" is missing"},
            {R"({"id":"a","version":"1.0","abi":{"epoch":1}})",
             "manifest: version \"1.0\" is not like 1.2.3"},
            {R"({"id":"a","version":"1.0.0"})", "manifest: key \"abi\" is missing"},
            {R"({"id":"a","version":"1.0.0","abi":{}})",
             "manifest: key \"abi/epoch\" is missing or no number; write \"abi\":{\"epoch\":1}"},
            {with(R"(,"provides":[1])"),
             "manifest: key \"provides\" must hold strings, it holds a number"},
            {with(R"(,"commands":[{}])"), "manifest: key \"commands/0/name\" is missing"},
            {with(R"(,"kv":true)"), "manifest: key \"kv\" must be an object, it is true or false"},
            {with(R"(,"kv":{"durable":"yes"})"),
             "manifest: key \"kv/durable\" must be true or false, it is a string"},
            {with(R"(,"pages":[{"command":"x"}])"), "manifest: key \"pages/0/title\" is missing"},
            {with(R"(,"pages":[{"title":"X"}])"),
             "manifest: page \"X\": needs a \"command\" or a \"path\", one of them"},
            {with(R"(,"pages":[{"title":"X","path":"//evil"}])"),
             "manifest: page \"X\": path \"//evil\" does not begin with one /"},
            {with(R"(,"filters":[{"phase":"autn"}])"),
             "manifest: filter \"com.acme.x\": unknown phase \"autn\"; did you mean \"authn\"?"},
        };
        for (const Row& row : rows) CHECK(problem(row.text) == row.says);
        CHECK(problem(with(R"(,"config_schema":{"type":"strin"})"))
                  .starts_with("manifest: config_schema: "));
    }

    TEST_CASE("ids and the text's end") {
        for (const char* good : {"api", "rate-limit", "a1", "com.acme.x-y"})
            CHECK(is_module_id(good));
        for (const char* bad : {"", "A", "1a", "a_b", "a..b", ".a", "a.", "a-", "a/b", "a b"})
            CHECK_FALSE(is_module_id(bad));
        using namespace std::literals;
        CHECK(manifest_text("{}\0\0"sv).value() == "{}");
        CHECK_FALSE(manifest_text("{}"sv).has_value());
        CHECK_FALSE(manifest_text("{}\0{}\0"sv).has_value());
    }
}
