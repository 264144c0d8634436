// SPDX-License-Identifier: Apache-2.0
/// What a command has put out, as lines that are ready to be read.
#pragma once

#include <microhost/draft/command.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "table.hpp"

namespace microhost::bot {

struct Line {
    std::string text;
    bool code = false;  ///< its columns matter
};

/// Takes at most 256 KiB, then only counts.
class Output {
  public:
    /// How rows are shown: what --output chooses in a terminal.
    enum class Style : uint8_t { table, json, raw };
    void style(Style s) { style_ = s; }

    void columns(const mh_str* names, uint32_t n);
    void row(const mh_cell* cells, uint32_t n);
    void table(std::vector<std::string> heading, const std::vector<Row>& rows);
    void text(std::string_view text);
    void json(std::string_view json);

    bool empty() const { return items_.empty() && heading_.empty() && missing_ == 0; }
    size_t bytes() const { return bytes_; }
    /// Lines that were not kept.
    uint64_t missing() const { return missing_; }
    std::vector<Line> lines() const;

  private:
    /// Text of one kind, or rows that follow each other.
    struct Item {
        enum class Kind : uint8_t { text, json, rows } kind;
        std::string text;
        std::vector<Row> rows;
    };
    bool fits(size_t bytes, uint64_t lines);
    Item& item(Item::Kind kind);

    std::vector<std::string> heading_;
    std::vector<Item> items_;
    size_t bytes_ = 0;
    uint64_t missing_ = 0;
    Style style_ = Style::table;
};

/// JSON on several lines, two spaces a level; text that is no JSON comes out somehow.
std::string indented_json(std::string_view json);

}  // namespace microhost::bot
