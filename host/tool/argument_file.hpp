// SPDX-License-Identifier: Apache-2.0
/// Arguments that name files (MH_ARG_FILE): the terminal reads them, wherever the command runs.
#pragma once

#include "command/definition.hpp"
#include "command/values.hpp"
#include "result.hpp"

namespace microhost::tool {

constexpr size_t kLargestArgument = 4 * 1024 * 1024;

/// Whether this value of that argument is @FILE or "-".
bool names_file(const command::Definition& d, std::string_view name, std::string_view value);

/// Puts the content in the place of each @FILE and "-". Blocks; whoever takes signals does it afterwards.
Result<> read_argument_files(const command::Definition& d, command::Given& given);

}  // namespace microhost::tool
