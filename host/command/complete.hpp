// SPDX-License-Identifier: Apache-2.0
/// What could stand at the cursor of a command line.
#pragma once

#include <functional>
#include <string_view>

#include "command/table.hpp"

namespace microhost::command {

/// Calls fn(word, summary) for each word that could stand at byte `cursor`, sorted: names of commands, flags, values.
/// Commands that `p` may not run are left out. Thread: main.
void complete(const Table& table, const mh_principal* p, uint32_t surface, std::string_view line,
              size_t cursor, const std::function<void(std::string_view, std::string_view)>& fn);

}  // namespace microhost::command
