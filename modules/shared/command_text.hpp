// SPDX-License-Identifier: Apache-2.0
/// Commands as they travel: arguments from a body, output as lines of JSON. The form is that of the control socket.
#pragma once

#include <microhost/draft/command.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::shared {

/// "/modules/list" -> "modules list"; empty for the list itself. False: no such name can exist.
bool command_name(std::string_view rest, std::string& out);

struct CommandBody {
    std::vector<std::pair<std::string, std::string>> args;
    uint32_t timeout_ms = 0;
};
/// {"args": {NAME: VALUE}, "timeout_ms": N}, both optional; an array gives an argument more than once. False with one line in `why`.
bool read_command(std::string_view body, CommandBody& out, std::string& why);

// Each appends whole lines.
void append_columns(std::string& out, const mh_str* names, uint32_t n);
void append_row(std::string& out, const mh_cell* cells, uint32_t n);
void append_text(std::string& out, std::string_view text);
void append_json(std::string& out, std::string_view json);
void append_end(std::string& out, int32_t exit_code, std::string_view error);
void append_note(std::string& out, std::string_view line);
/// One object, without a line end. `allowed`: whoever asks may run it.
void append_info(std::string& out, const mh_command_info& i, bool allowed);

}  // namespace microhost::shared
