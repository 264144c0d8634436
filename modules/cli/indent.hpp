// SPDX-License-Identifier: Apache-2.0
/// JSON as Micro shows it: one tab for each level, as Go's json.Indent writes it. Numbers, order and escapes stay as they came.
#pragma once

#include <string>
#include <string_view>

namespace microhost::cli {

/// Of text that a parser accepted; else some text of about that length.
std::string indented(std::string_view json);
/// The same without any white space between the tokens.
std::string compact(std::string_view json);

}  // namespace microhost::cli
