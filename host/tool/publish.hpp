// SPDX-License-Identifier: Apache-2.0
/// `microhost publish TOPIC @FILE`: what the command of the instance cannot do, because the file is here.
#pragma once

#include "tool/command_line.hpp"
#include "tool/verbs.hpp"

namespace microhost::tool {

/// The first word that is @FILE or - becomes what is in the file or piped in, behind "--". Words behind a flag are its values and
/// stay as they are. Errors: it cannot be read, is no text, or longer than 1 MiB.
Result<Words> with_files(Words words);

/// Asks the instance, with the message read.
int publish(const Arguments& arguments);

}  // namespace microhost::tool
