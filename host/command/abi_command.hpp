// SPDX-License-Identifier: Apache-2.0
/// The tables mh.command and mh.modules: commands and modules of the process, for modules.
#pragma once

#include <microhost/draft/command.h>
#include <microhost/draft/modules.h>

namespace microhost::command {

extern const mh_command kCommandTable;
extern const mh_modules kModulesTable;

}  // namespace microhost::command
