// SPDX-License-Identifier: Apache-2.0
/// Text of strangers: cut between characters, without what moves a cursor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace microhost::bot {

/// At most `n` bytes of the beginning, and no broken character at the end.
std::string_view cut(std::string_view text, size_t n);
/// The same; three dots say that something is missing.
std::string shortened(std::string_view text, size_t n);

/// Columns that a terminal needs: one for a character, two for a wide one, none for what combines.
size_t columns_of(std::string_view text);

/// Without control characters other than line ends and tabs: they would be orders to the network or to a terminal.
std::string printable(std::string_view text);
/// On one line, at most `n` bytes.
std::string one_line(std::string_view text, size_t n);

}  // namespace microhost::bot
