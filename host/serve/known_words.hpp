// SPDX-License-Identifier: Apache-2.0
/// What "@service" and "@endpoint" stand for where a command line is completed.
#pragma once

#include <string_view>

#include "command/table.hpp"
#include "registry/snapshot.hpp"

namespace microhost::serve {

/// None for another kind.
command::Table::Words registry_words(const registry::Snapshot& known, std::string_view kind);

}  // namespace microhost::serve
