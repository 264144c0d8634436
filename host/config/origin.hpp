// SPDX-License-Identifier: Apache-2.0
/// Origin: where an effective value came from.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace microhost::config {

/// From weak to strong.
enum class Source : std::uint8_t { fallback, file, environment, flag };

struct Origin {
    Source source = Source::fallback;
    std::string name;   ///< file, variable or flag as it was written
    unsigned line = 0;  ///< in the file, from 1; 0 when unknown

    /// "default", "/etc/microhost/microhost.json:7", "env MICRO_API_HANDLER", "flag --api_handler"
    std::string text() const {
        switch (source) {
            case Source::fallback: return "default";
            case Source::file: return line ? name + ":" + std::to_string(line) : name;
            case Source::environment: return "env " + name;
            case Source::flag: return "flag " + name;
        }
        return {};
    }
};

/// Key: a JSON pointer into the effective document. A value without an entry has its parent's origin.
using Origins = std::map<std::string, Origin, std::less<>>;

}  // namespace microhost::config
