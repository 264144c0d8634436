// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md is written by hand; here it is held to the table in the source.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <string>

#include "control/source_root.hpp"
#include "observe/names.hpp"

using namespace microhost::observe;

namespace {

/// Name -> row, of all rows that begin with a name.
std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> out;
    std::ifstream file(std::string(kSourceRoot) + "/docs/metrics.md");
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("| `")) continue;
        const std::string name = line.substr(3, line.find('`', 3) - 3);
        CHECK_MESSAGE(out.emplace(name, line).second, name, " has two rows");
    }
    return out;
}

std::string row_of(const Definition& d) {
    std::string labels;
    for (std::size_t i = 0; i < d.label_count(); ++i)
        labels += fmt::format("{}`{}`", i ? ", " : "", d.labels[i]);
    const char* kind = d.kind == Kind::counter ? "counter"
                       : d.kind == Kind::gauge ? "gauge"
                                               : "histogram";
    return fmt::format("| `{}` | {} | {} | {} |", d.name, kind, labels.empty() ? "-" : labels,
                       d.help);
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("the page about metrics has a row for each, with its kind, labels and meaning") {
        const auto page = rows();
        for (const Definition* d : names::kAll) {
            const auto row = page.find(std::string(d->name));
            CAPTURE(d->name);
            REQUIRE(row != page.end());
            CHECK(row->second == row_of(*d));
        }
        CHECK(page.size() == names::kAll.size());
    }
}
