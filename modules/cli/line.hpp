// SPDX-License-Identifier: Apache-2.0
/// A line of the interactive session: what its words stand for, and what is being completed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../shared/words.hpp"

namespace microhost::cli {

using shared::Line, shared::quoted_word, shared::split, shared::Word, shared::Words;

/// What the program is asked to run: `list` alone is `list services`, `get NAME` is `get service NAME`, as Micro's interactive
/// mode allowed; a `microhost` or `micro` in front is left out.
Words expanded(Words words);

/// The beginnings of lines that complete the word behind `words`: as they stand, and as they are expanded.
std::vector<Words> completed(const Words& words, std::string_view prefix);

}  // namespace microhost::cli
