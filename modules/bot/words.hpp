// SPDX-License-Identifier: Apache-2.0
/// The words of a message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../shared/words.hpp"

namespace microhost::bot {

using shared::quoted_word, shared::Words;

/// As a shell would split them: spaces, '...', "...", \. One that begins with { or [ is JSON up to the bracket that closes it, with
/// the spaces and quotes in between. False, with one sentence in `why`, when a quote is not closed.
bool split_words(std::string_view text, Words& out, std::string& why);

/// The words from `from` on, each quoted, with a space between them.
std::string quoted_line(const Words& words, size_t from = 0);

/// The text behind the first `n` words, as it was written.
std::string_view behind(std::string_view text, size_t n);

}  // namespace microhost::bot
