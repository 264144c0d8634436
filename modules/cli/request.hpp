// SPDX-License-Identifier: Apache-2.0
/// The request of a call as it is typed: JSON, or fields.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::cli {

/// Nothing is {}; name=text and name:=JSON are the fields of an object; all else is JSON, as words with spaces between them.
/// @FILE and "-" have been read by the terminal. Throws mh::failure with a sentence.
std::string read_request(std::span<const std::string> words);

/// Throws mh::failure unless it is one JSON object, as Micro's services take.
void check_object(std::string_view json);

}  // namespace microhost::cli
