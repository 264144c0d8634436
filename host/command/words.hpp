// SPDX-License-Identifier: Apache-2.0
/// Command lines: from what a person types to a command and its arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command/values.hpp"

namespace microhost::command {

/// Words as a shell would split them: spaces, '...', "...", \. The error says which quote stays open.
Result<std::vector<std::string>> split(std::string_view line);

/// How many of `words` are the name of `d`: all its words or none.
size_t matches(const Definition& d, std::span<const std::string> words);

/// The words behind the name: --name VALUE, --name=VALUE, --switch, places, and places only behind "--".
Result<Given> read_words(const Definition& d, std::span<const std::string> words);

/// Why no command of these names fits: the words that may follow, or the nearest name.
std::string no_such_command(std::span<const std::string> words,
                            const std::vector<std::string_view>& names);

}  // namespace microhost::command
