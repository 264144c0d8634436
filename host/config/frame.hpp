// SPDX-License-Identifier: Apache-2.0
/// The JSON schema of the whole configuration file, made from the key table and the modules' schemas.
#pragma once

#include <span>
#include <string>

#include "config/assemble.hpp"

namespace microhost::config {

struct FrameOptions {
    bool typed =
        true;  ///< false: names only for what the key table checks itself, with better words
    std::span<const ModuleSchema> modules = {};  ///< empty: any object is a module's section
    bool pretty = false;
};

/// Draft-04. With modules this is what --print_schema shows.
std::string document_schema(const FrameOptions& options);

}  // namespace microhost::config
