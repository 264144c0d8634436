// SPDX-License-Identifier: Apache-2.0
#include "control/config.hpp"

#include <doctest/doctest.h>

#include "json/writer.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

config::Config example() {
    config::Config c;
    c.document =
        json::Document::parse(R"({"host":{"name":"a","log":{"level":"warn"}},"load":["api"],
        "modules":{"m":{"key":"s3cret","deep":{"x":1}}},"filters":{}})")
            .value();
    c.origins["/host/log/level"] = {config::Source::file, "m.json", 7};
    c.origins["/load"] = {config::Source::flag, "--load", 0};
    c.origins["/modules/m/deep"] = {config::Source::environment, "MICRO_M_DEEP", 0};
    c.secrets = {"/modules/m/key"};
    return c;
}

std::string shown(const config::Config& c, std::string_view pointer) {
    const auto rows = config_rows(c, pointer);
    if (!rows) return rows.error().what;
    std::string out;
    for (const ConfigRow& r : *rows)
        out += fmt::format("{}={} ({})\n", r.pointer, r.value ? json::to_text(r.value) : "***",
                           r.from);
    return out;
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("the configuration is a row for each value with where it is from") {
        CHECK(shown(example(), "") ==
              "/host/name=\"a\" (default)\n/host/log/level=\"warn\" (m.json:7)\n/load=[\"api\"] "
              "(flag "
              "--load)\n/modules/m/key=*** (default)\n/modules/m/deep/x=1 (env MICRO_M_DEEP)\n"
              "/filters={} ()\n");
        CHECK(shown(example(), "/host/log") == "/host/log/level=\"warn\" (m.json:7)\n");
        CHECK(shown(example(), "host/log/level") == shown(example(), "/host/log/"));
    }

    TEST_CASE("a secret is not shown, whoever asks for it or for what is below") {
        CHECK(shown(example(), "/modules/m/key") == "/modules/m/key=*** (default)\n");
        config::Config c = example();
        c.secrets = {"/modules/m"};
        CHECK(shown(c, "/modules/m/deep/x").starts_with("/modules/m/deep/x=***"));
        CHECK(shown(c, "/modules") == "/modules/m=*** (default)\n");
    }

    TEST_CASE("what there is not is named, with what is near") {
        CHECK(shown(example(), "/host/log/levle") ==
              "the configuration has no \"/host/log/levle\"; did you mean \"level\"?");
        CHECK(shown(example(), "nothing") == "the configuration has no \"/nothing\"");
    }
}
