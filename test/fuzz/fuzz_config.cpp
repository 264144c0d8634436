// SPDX-License-Identifier: Apache-2.0
// A configuration from any bytes: flags and variables, one a line, an empty line, then the file. It is refused, or the
// document that --check_config prints is itself a configuration and means the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "config/assemble.hpp"
#include "config/print.hpp"
#include "config/scan.hpp"
#include "json/document.hpp"

using namespace microhost;
using namespace microhost::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

void require(bool good) {
    if (!good) std::abort();
}

constexpr std::string_view kSchema = R"({"type":"object","additionalProperties":false,"properties":{
    "handler":{"type":"string","enum":["meta","rpc"],"default":"meta","x-flags":["handler"]},
    "address":{"type":"string","default":":8080","x-flags":["api_address"]},
    "rpc":{"type":"boolean","default":false,"x-flags":["enable_rpc"]},
    "count":{"type":"integer","minimum":1,"maximum":10},
    "cors":{"type":"array","items":{"type":"string"},"default":[]},
    "more":{"type":"object","properties":{"rate":{"type":"number","default":0.5}}}}})";

/// The lines up to the first empty one; the rest is left in `text`.
std::vector<std::string> lines_of(std::string_view& text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty()) break;
        out.emplace_back(line);
    }
    return out;
}

Surroundings nowhere() {
    Surroundings out;
    out.uid = 1000;
    out.program_dir = "/usr/bin";
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(bytes), size);
    Surroundings in = nowhere();
    std::vector<std::string> args;
    for (std::string& line : lines_of(text)) {
        const auto equals = line.find('=');
        if (line.find('\0') != line.npos) continue;  // the system has no such words
        if (line.front() == '-' || equals == line.npos)
            args.push_back(std::move(line));
        else
            in.environment[line.substr(0, equals)] = line.substr(equals + 1);
    }
    static const json::Document schema = json::Document::parse(kSchema).value();
    const std::vector<ModuleSchema> modules{{"api", schema.root(), {}},
                                            {"limit", {}, schema.root()}};

    auto scan = config::scan(args);
    auto file = parse_file("fuzz.json", text);
    if (!scan || !file) return 0;
    (void)early({scan->flags, in, *file});
    auto config = assemble({scan->flags, in, *file, modules});
    if (!config) {
        require(!config.error().what.empty());
        return 0;
    }
    auto printed = parse_file("printed.json", effective_text(*config));
    require(printed.has_value());
    const Surroundings quiet = nowhere();
    auto again = assemble({{}, quiet, *printed, modules});
    require(again.has_value());
    require(again->document.text() == config->document.text());
    return 0;
}
