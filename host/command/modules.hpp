// SPDX-License-Identifier: Apache-2.0
/// The commands "modules list", "modules get", "modules load", "modules reload", "modules unload",
/// "modules release".
#pragma once

namespace microhost::module {
class Operations;
}

namespace microhost::command {

class Table;

/// `operations` outlives the table. Thread: main, before the first module.
void add_modules_commands(Table& table, module::Operations& operations);

}  // namespace microhost::command
