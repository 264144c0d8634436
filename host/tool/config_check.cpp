// SPDX-License-Identifier: Apache-2.0
#include "tool/config_check.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "json/writer.hpp"
#include "serve/chosen_modules.hpp"
#include "serve/intent.hpp"
#include "tool/command_line.hpp"
#include "tool/instance.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

constexpr Verb kCheck{"config check", "FILE [--json]",
                      "say whether a configuration could be loaded, and what is wrong with it",
                      nullptr};

using Faults = std::vector<std::string>;

Faults lines_of(const Error& e) {
    Faults out;
    for (std::string_view left = e.what; !left.empty();) {
        const size_t end = std::min(left.find('\n'), left.size());
        out.emplace_back(left.substr(0, end));
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return out;
}

/// What serving with this file would say before anything starts; flags and environment count as they do there.
Faults faults_of(const std::string& file, const Arguments& a) {
    serve::Intent intent(a.scan.flags, file, a.surroundings);
    if (Result<> r = intent.read(); !r) return lines_of(r.error());
    auto early = intent.early();
    if (!early) return lines_of(early.error());
    auto chosen = serve::choose_modules(*early);
    if (!chosen) {
        const auto from = early->origins.find("/load");
        if (from == early->origins.end()) return lines_of(chosen.error());
        return {fmt::format("{}: {}", from->second.text(), chosen.error().what)};
    }
    auto config = intent.assemble(chosen->modules, chosen->dropped);
    return config ? Faults{} : lines_of(config.error());
}

std::string json_of(const std::string& file, const Faults& faults) {
    std::string out;
    json::Writer w(out);
    w.object().key("file").string(file).key("good").boolean(faults.empty());
    w.key("faults").array();
    for (const std::string& f : faults) w.string(f);
    w.end().end();
    return out + "\n";
}

int check_config(const Arguments& a) {
    std::string file;
    bool json = false;
    Options options(a, "microhost config check /etc/microhost/microhost.json");
    options.word("FILE", file, "a configuration file").flag("--json", json, "print JSON");
    if (auto status = options.parse()) return *status;
    const Faults faults = faults_of(file, a);
    if (json) return print(json_of(file, faults), faults.empty() ? 0 : 1);
    for (const std::string& f : faults) fmt::print(stderr, "{}\n", f);
    return faults.empty() ? print(file + ": ok\n") : 1;
}

}  // namespace

int config_verb(const Arguments& a) {
    const Words& words = a.scan.args;
    const std::string first = words.empty() ? "" : words[0];
    if (first == "get") return ask_instance(a);
    if (first == "check") {
        config::Scan rest = a.scan;
        rest.args.erase(rest.args.begin());
        return check_config({kCheck, rest, a.surroundings});
    }
    if (first == "--help" || first == "-h")
        return print(
            fmt::format("usage: microhost config {}\n\n{}\n", a.verb.usage, a.verb.summary));
    return refuse("\"config\" needs a word more: check, get");
}

}  // namespace microhost::tool
