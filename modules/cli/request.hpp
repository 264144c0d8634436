// SPDX-License-Identifier: Apache-2.0
/// The request of a call as it is typed: JSON, or fields.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::cli {

/// Where a request stands.
struct Request {
    enum class From { words, file, input };
    From from = From::words;
    std::string text;  ///< of words: the JSON; of a file: its path
};

/// Nothing is {}; "-" the standard input; "@PATH" a file; name=text and name:=JSON the fields of an object; all else is JSON, as
/// words with spaces between them. Throws mh::failure with a sentence.
Request read_request(std::span<const std::string> words);

/// Throws mh::failure unless it is one JSON object, as Micro's services take.
void check_object(std::string_view json);

}  // namespace microhost::cli
