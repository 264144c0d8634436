// SPDX-License-Identifier: Apache-2.0
/// Text as people write it in IRC: characters, formatting codes, names that are the same, and being spoken to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::bot::irc {

/// Valid UTF-8: each byte that is none becomes U+FFFD; bytes of NUL and CR are left out.
std::string clean(std::string_view bytes);

/// How many of the first bytes to take so that no more than `limit` are taken and no character is torn.
size_t fitting(std::string_view utf8, size_t limit);
/// The same, and if a blank is near no word is torn either.
size_t fitting_words(std::string_view utf8, size_t limit);

/// Without colours, bold, italics and other control characters. A tab is a blank.
std::string without_formatting(std::string_view text);

/// Which letters are the same in names: 005 says it as CASEMAPPING.
enum class Casemap : unsigned char { rfc1459, strict_rfc1459, ascii };
Casemap casemap_of(std::string_view name);
std::string fold(std::string_view name, Casemap map);

/// What follows a mention: "NICK: x", "NICK, x", "NICK x", "@NICK x" and "NICK" alone. Nothing: it does not begin with one.
std::optional<std::string_view> after_mention(std::string_view text, std::string_view nick,
                                              Casemap map);

}  // namespace microhost::bot::irc
