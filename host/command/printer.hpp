// SPDX-License-Identifier: Apache-2.0
/// Shows a command's output in a terminal or a pipe: an aligned table, JSON for scripts, or bare values.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace microhost::command {

enum class Format { table, json, raw };

class Printer {
  public:
    /// `colours`: escape sequences may be written to `out`.
    Printer(Format format, bool colours, std::FILE* out, std::FILE* err)
        : format_(format), colours_(colours), out_(out), err_(err) {}

    /// A piece of the stream (ndjson.hpp). Rows wait for their widths until `more` is false.
    void take(std::string_view piece, bool more);
    /// The exit status: the command's own; 1 when the stream ended before the command did.
    int finish();
    /// Nothing more will come, and `why` is told. What was shown stays. Answers 1.
    int cut(std::string_view why);

  private:
    struct Shown {
        std::string text;
        bool number = false;
    };
    using Row = std::vector<Shown>;

    void line(std::string_view line);
    void columns(json::Value names);
    void row(json::Value cells);
    void whole(json::Value v);
    void flush_rows();
    void write_header();
    void write_row(const Row& row, bool header);
    void close_list();

    Format format_;
    bool colours_;
    std::FILE* out_;
    std::FILE* err_;
    std::string partial_;
    std::vector<std::string> names_;
    std::vector<Row> rows_;
    std::vector<size_t> widths_;
    bool header_due_ = false;
    bool list_open_ = false;  ///< of JSON: rows are elements
    bool first_ = true;
    bool ended_ = false;
    int exit_ = 0;
};

}  // namespace microhost::command
