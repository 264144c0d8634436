// SPDX-License-Identifier: Apache-2.0
/// A line that somebody typed, as words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

using Words = std::vector<std::string>;

/// A word, and where it stands in the line.
struct Word {
    std::string text;  ///< without its quotes
    size_t begin = 0;  ///< of its first byte
    char open = 0;     ///< the quote that is not closed
};

struct Line {
    std::vector<Word> words;
    bool in_word = false;  ///< the line ends within the last one: no space is behind it

    /// One sentence when a quote is not closed, else empty.
    std::string problem() const;
    Words texts() const;
};

/// Words as a shell would split them: spaces, '...', "...", \. One that begins with { or [ is JSON up to the bracket that closes
/// it, with the spaces and quotes in between.
Line split(std::string_view line);

/// As split() takes it for one word. `open`: nothing is behind it yet, so that a quote that it needs stays open.
std::string quoted_word(std::string_view word, bool open = false);

}  // namespace microhost::shared
