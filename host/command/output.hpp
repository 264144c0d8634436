// SPDX-License-Identifier: Apache-2.0
/// What a command puts out, kept until its receiver takes it.
#pragma once

#include <microhost/draft/command.h>

#include <string>
#include <string_view>
#include <vector>

namespace microhost::command {

struct Cell {
    int32_t type = MH_TYPE_TEXT;
    std::string text;  ///< what a person reads
    int64_t integer = 0;
    double number = 0;

    static Cell of(std::string_view text) { return {MH_TYPE_TEXT, std::string(text)}; }
    static Cell of(uint64_t n) {
        return {MH_TYPE_INTEGER, std::to_string(n), static_cast<int64_t>(n)};
    }
    static Cell none() { return {MH_TYPE_NULL, "-"}; }
    static Cell duration(uint64_t ns);
    static Cell size(uint64_t bytes);
    static Cell time(int64_t ms);
};

struct Output {
    enum class Kind : uint8_t { columns, row, text, json, note, end };
    Kind kind = Kind::text;
    std::string text;                ///< of text, json, note and end
    std::vector<std::string> names;  ///< of columns
    std::vector<Cell> cells;         ///< of row
    mh_status status = MH_OK;
    int32_t exit_code = 0;

    size_t bytes() const;
    /// Hands it to the receiver.
    void give(const mh_command_sink& sink, void* user) const;
};

}  // namespace microhost::command
