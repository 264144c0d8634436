// SPDX-License-Identifier: Apache-2.0
/// Columns of text.
#pragma once

#include <string>
#include <vector>

namespace microhost::bot {

struct Cell {
    std::string text;
    bool number = false;  ///< stands at the right of its column
};
using Row = std::vector<Cell>;

/// One line a row, with two spaces between columns and none at the end; a heading stands in capital letters.
std::vector<std::string> aligned(const std::vector<std::string>& heading,
                                 const std::vector<Row>& rows);

/// Lines whose columns are told apart by tabs, aligned; tabs that begin a line indent it.
std::vector<std::string> without_tabs(const std::vector<std::string>& lines);

}  // namespace microhost::bot
