// SPDX-License-Identifier: Apache-2.0
/// Three modules, an empty environment and a file in memory, for the tests of this folder.
#pragma once

#include <doctest/doctest.h>

#include "config/assemble.hpp"
#include "json/writer.hpp"

namespace microhost::config {

inline const json::Document& fixture_schemas() {
    static const json::Document all = json::Document::parse(R"({
      "api": {"type":"object","properties":{
        "handler":{"type":"string","enum":["meta","rpc","http","web"],"default":"meta","description":"How paths map to services"},
        "namespace":{"type":"string","default":"go.micro.api"},
        "rpc":{"type":"boolean","default":false,"x-flags":["--enable_rpc"]},
        "cors":{"type":"array","items":{"type":"string"}},
        "extra":{"type":"object","properties":{"deep":{"type":"object","properties":{
            "x":{"type":"integer"},"y":{"type":"string","default":"why"}}}}},
        "password":{"type":"string","x-secret":true},
        "keys":{"type":"object","additionalProperties":{"anyOf":[{"type":"integer"},{"type":"string","x-secret":true}]}},
        "users":{"type":"array","items":{"type":"object","properties":{
            "name":{"type":"string"},"token":{"type":"string","x-secret":true}}}}}},
      "auth-token": {"type":"object","properties":{
        "file":{"type":"string"},"burst":{"type":"integer","minimum":1},"rate":{"type":"number","default":1.5}}},
      "web": {"type":"object","properties":{"burst":{"type":"integer"}}},
      "auth": {"type":"object","required":["file"],"properties":{"file":{"type":"string"}}}
    })")
                                          .value();
    return all;
}

struct Fixture {
    std::vector<std::string> args;
    Surroundings in;
    std::string file = "{}";
    std::vector<ModuleSchema> modules = {of("api"), of("auth-token"), of("web")};

    Fixture() { in.uid = 1000; }
    static ModuleSchema of(const char* id) { return {id, fixture_schemas().root().find(id), {}}; }
    std::vector<ModuleSchema> strict() const { return {of("auth")}; }

    File parsed() const {
        auto r = parse_file("test.json", file);
        REQUIRE_MESSAGE(r.has_value(), r.error().what);
        return *r;
    }
    Input input(const File& f) const { return {args, in, f, modules}; }

    Result<Config> result() const {
        const File f = parsed();
        return assemble(input(f));
    }
    Config config() const {
        auto r = result();
        REQUIRE_MESSAGE(r.has_value(), r.error().what);
        return *r;
    }
    std::string refusal() const {
        const auto r = result();
        return r ? "accepted" : r.error().what;
    }
    std::string text(std::string_view pointer) const {
        const Config c = config();
        return json::to_text(c.document.root().find_pointer(pointer));
    }
    std::string origin(std::string_view pointer) const {
        const Config c = config();
        const auto found = c.origins.find(pointer);
        return found == c.origins.end() ? "none" : found->second.text();
    }
};

}  // namespace microhost::config
