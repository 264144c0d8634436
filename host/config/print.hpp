// SPDX-License-Identifier: Apache-2.0
/// What --check_config and --help print. (--print_schema prints document_schema of frame.hpp.)
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/assemble.hpp"
#include "config/config.hpp"

namespace microhost::config {

/// The effective document, one value a line with its origin in a comment behind it: what is printed can be used as a
/// configuration file again. Secrets read "***".
std::string effective_text(const Config& config);

/// Where the value at that pointer came from: its own origin, or that of what it lies in.
Origin origin_of(const Config& config, std::string_view pointer);
std::string origin_text(const Config& config, std::string_view pointer);

/// All flags of the host and of the given modules, at most 80 columns wide.
std::string help_text(std::span<const ModuleSchema> modules);

}  // namespace microhost::config
