// SPDX-License-Identifier: Apache-2.0
#include "tool/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "json/nearest.hpp"
#include "tool/inspect.hpp"

namespace microhost::tool {
namespace {

// In the order of --help: what looks at a file, what runs one, what talks to a running instance.
constexpr Verb kVerbs[] = {
    {"inspect", "FILE [--json]", "say what a module is, without running any of it", inspect},
};

const Verb* find(std::string_view name) {
    const auto found = std::ranges::find(kVerbs, name, &Verb::name);
    return found == std::end(kVerbs) ? nullptr : &*found;
}

int unknown(std::string_view name) {
    std::vector<std::string_view> listed;
    for (const Verb& v : kVerbs)
        if (!v.summary.empty()) listed.push_back(v.name);
    fmt::print(stderr, "microhost: there is no command {}{}; see microhost --help\n",
               json::quote_short(name), json::did_you_mean(name, listed));
    return 2;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run_verb(const config::Scan& scan, const config::Surroundings& surroundings) {
    const Verb* verb = find(scan.verb);
    return verb ? verb->run({*verb, scan, surroundings}) : unknown(scan.verb);
}

std::string verbs_text(std::span<const Verb> table) {
    std::string out = "Verbs (microhost VERB --help says more)\n";
    for (const Verb& v : table)
        if (!v.summary.empty()) out += fmt::format("  {:<9} {}\n", v.name, v.summary);
    return out;
}

}  // namespace microhost::tool
