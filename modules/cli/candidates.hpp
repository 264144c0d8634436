// SPDX-License-Identifier: Apache-2.0
/// What is done with the words that could stand at the cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::cli {

/// The bytes with which all of them begin; whole characters. Empty without any.
std::string common_beginning(const std::vector<std::string>& words);

/// In columns, those below each other in order, as wide as the terminal allows; lines with their ends. What a long list leaves
/// out is said in its last line.
std::string in_columns(const std::vector<std::string>& words, size_t width);

}  // namespace microhost::cli
