// SPDX-License-Identifier: Apache-2.0
#include "serve/known_words.hpp"

namespace microhost::serve {

command::Table::Words registry_words(const registry::Snapshot& known, std::string_view kind) {
    command::Table::Words words;
    if (kind != "service" && kind != "endpoint") return words;
    for (const registry::Entry& e : known.entries()) {
        const registry::Service& s = e.service->versions[e.version];
        if (kind == "service") words.emplace_back(s.name, s.version);
        if (kind == "endpoint")
            for (const registry::Endpoint& one : s.endpoints) words.emplace_back(one.name, s.name);
    }
    return words;
}

}  // namespace microhost::serve
