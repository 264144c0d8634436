// SPDX-License-Identifier: Apache-2.0
/// The commands "publish" and "subscribe": topics of the process, and through its broker those of others.
#pragma once

namespace microhost::command {
class Table;
}

namespace microhost::control {

/// On the event bus of the table's environment. Thread: main, before the first module.
void add_event_commands(command::Table& table);

}  // namespace microhost::control
