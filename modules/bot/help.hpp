// SPDX-License-Identifier: Apache-2.0
/// What "help" and "help WORD" say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "micro.hpp"

namespace microhost::bot {

/// All that somebody may run: `builtin` sorted by name, then those of services, each as Micro wrote it: "usage - description".
std::string help_of_all(std::vector<HelpLine> builtin, std::vector<HelpLine> services);

/// About one command, or the lines in which the words occur.
std::string help_about(std::string_view words, const std::vector<HelpLine>& all);

}  // namespace microhost::bot
