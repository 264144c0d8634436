// SPDX-License-Identifier: Apache-2.0
/// What a command puts out as it travels: one JSON object a line. {"columns":[...]}, {"row":[...]}, {"text":"..."},
/// {"json":...}, {"note":"one line"}, {"error":"one line"}, and always last {"end":{"exit":0}}. A cell whose text is not its value is
/// {"text":"1.5 s","value":1500}, and so is one that is an object.
#pragma once

#include <microhost/draft/command.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::command {

// Each appends whole lines.
void append_columns(std::string& out, const mh_str* names, uint32_t n);
void append_row(std::string& out, const mh_cell* cells, uint32_t n);
void append_text(std::string& out, std::string_view text);
void append_json(std::string& out, std::string_view json);
void append_note(std::string& out, std::string_view line);
void append_end(std::string& out, int32_t exit_code, std::string_view error);

}  // namespace microhost::command
