// SPDX-License-Identifier: Apache-2.0
/// What a terminal adds to every command, wherever it runs: --output, --timeout, --help, and the refusals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/definition.hpp"
#include "command/printer.hpp"
#include "command/values.hpp"
#include "result.hpp"

namespace microhost::tool {

using Words = std::vector<std::string>;

/// One line on standard error. Answers `status`.
int refuse(std::string_view what, int status = 2);

/// Takes --NAME VALUE or --NAME=VALUE out of the words before "--"; the last one counts.
Result<std::optional<std::string>> take(Words& words, std::string_view name);
/// Takes a word before "--" out; whether it was there.
bool take_switch(Words& words, std::string_view flag);

/// Of a command, for its --help, with the flags of the terminal; `of_instance`: --instance is one of them.
void print_help(const command::Definition& d, bool of_instance);

/// What was asked for, and how it is to be shown.
struct CommandLine {
    command::Given given;
    command::Format format = command::Format::table;
    uint64_t timeout_ms = 0;
};

/// "table", "json", "raw".
std::optional<command::Format> format_named(std::string_view text);

/// Reads the words behind the name. --output and --timeout are the terminal's, unless the command has an argument of that name;
/// its `output` says how to print all the same. Files are read later (argument_file.hpp). Errors: what a person typed wrongly.
Result<CommandLine> read_command_line(const command::Definition& d, Words words);

/// Escape sequences are welcome on standard output.
bool colours_wanted();

}  // namespace microhost::tool
