// SPDX-License-Identifier: Apache-2.0
/// Slack's text: what its clients make of what people typed, taken back; and what is sent, escaped.
#pragma once

#include <string>
#include <string_view>

namespace microhost::bot::slack {

/// & < > alone are escaped.
std::string escape(std::string_view text);

/// As it was typed: links by their labels, channels and people by # and @, plain quotes, plain blanks.
std::string unescape(std::string_view text);

/// Takes "<@U1>" or "<@U1|name>", and a colon or comma behind it, off the beginning. False: it begins with something else.
bool strip_mention(std::string_view& text, std::string_view user);

/// For the body of a request: application/x-www-form-urlencoded.
void add_field(std::string& form, std::string_view name, std::string_view value);

}  // namespace microhost::bot::slack
