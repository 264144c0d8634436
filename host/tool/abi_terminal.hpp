// SPDX-License-Identifier: Apache-2.0
/// mh.terminal of a process in run mode.
#pragma once

#include <microhost/draft/terminal.h>

#include "tool/terminal.hpp"

namespace microhost::tool {

extern const mh_terminal kTerminalTable;

/// Whom the table speaks for on this thread; null: no app is in the foreground.
void set_terminal(Terminal* terminal);

}  // namespace microhost::tool
