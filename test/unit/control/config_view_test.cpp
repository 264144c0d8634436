// SPDX-License-Identifier: Apache-2.0
#include "control/config_view.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace microhost;
using namespace microhost::control;

namespace {

const json::Document schema = json::Document::parse(R"({"type": "object", "properties": {
    "key": {"type": "string", "x-secret": true, "default": "", "description": "what is secret"},
    "address": {"type": "string", "default": ":80", "x-live": false, "description": "where"},
    "deep": {"type": "object", "properties": {"x": {"type": "integer", "default": 1}}}}})")
                                  .value();

config::Config example() {
    config::Config c;
    c.document = json::Document::parse(R"({"host": {"log": {"level": "warn"}}, "modules": {
        "m": {"key": "s3cret", "address": ":8080", "deep": {"x": 2}}, "a.b": {"free": true}},
        "filters": {"f": {"use": "m", "config": {"deep": {"x": 3}}}}})")
                     .value();
    c.filters.push_back({.name = "f", .use = "m"});
    c.origins["/host/log/level"] = {config::Source::file, "m.json", 7};
    c.origins["/modules/m/address"] = {config::Source::flag, "--m_address", 0};
    c.origins["/modules/m/deep"] = {config::Source::environment, "MICRO_M_DEEP", 0};
    c.secrets = {"/modules/m/key"};
    return c;
}

std::vector<ConfigValue> values(std::string_view path) {
    static const config::Config c = example();
    const std::array<config::ModuleSchema, 1> modules{{{"m", schema.root(), {}, false}}};
    return config_values(c, modules, pointer_of(path).value()).value();
}

ConfigValue value(std::string_view path) {
    const auto all = values(path);
    REQUIRE(all.size() == 1);
    CHECK(all[0].path == path);
    return all[0];
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("a path is a pointer with dots, and quotes where they are needed") {
        CHECK(dotted_of("/modules/api/address") == "modules.api.address");
        CHECK(dotted_of("/modules/a.b/x~1y") == "modules.\"a.b\".x/y");
        CHECK(*pointer_of("modules.\"a.b\".x/y") == "/modules/a.b/x~1y");
        CHECK(pointer_of("")->empty());
        for (const char* wrong : {".", "a.", "a..b", "\"a", "\"a\"b", "a\"b"})
            CHECK_FALSE(bool(pointer_of(wrong)));
    }

    TEST_CASE("each value has its origin, and what its schema says") {
        const ConfigValue address = value("modules.m.address");
        CHECK(address.json == "\":8080\"");
        CHECK(address.origin == config::Source::flag);
        CHECK(address.source == "--m_address");
        CHECK(address.doc == "where");
        CHECK(address.default_json == "\":80\"");
        CHECK_FALSE(address.live);
        const ConfigValue deep = value("modules.m.deep.x");
        CHECK(deep.source == "MICRO_M_DEEP");
        CHECK(deep.default_json == "1");
        CHECK(deep.live);
        const ConfigValue level = value("host.log.level");
        CHECK(level.origin == config::Source::file);
        CHECK(level.source == "m.json:7");
        CHECK_FALSE(level.doc.empty());
        CHECK(level.default_json == "\"info\"");
        CHECK(value("filters.f.config.deep.x").default_json == "1");
        const ConfigValue free = value("modules.\"a.b\".free");
        CHECK(free.origin == config::Source::fallback);
        CHECK(free.source.empty());
        CHECK(free.doc.empty());
    }

    TEST_CASE("a secret shows neither its value nor its default") {
        const ConfigValue key = value("modules.m.key");
        CHECK(key.secret);
        CHECK(key.json == "\"***\"");
        CHECK(key.default_json.empty());
        CHECK(key.doc == "what is secret");
    }

    TEST_CASE("values are sorted by their paths") {
        std::string paths;
        for (const ConfigValue& v : values("modules")) paths += v.path + " ";
        CHECK(paths == "modules.\"a.b\".free modules.m.address modules.m.deep.x modules.m.key ");
    }
}
