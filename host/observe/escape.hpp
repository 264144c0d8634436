// SPDX-License-Identifier: Apache-2.0
/// Escaping, so that nothing that a peer sends can end a log line early, forge one, or drive a
/// terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace microhost::observe {

/// Length of the valid UTF-8 sequence at the start of `text` (RFC 3629: no surrogates, no overlong
/// forms), 0 if there is none. `code` receives the code point.
std::size_t utf8_sequence(std::string_view text, char32_t& code) noexcept;

/// At most `limit` bytes of `text`, never half a UTF-8 sequence at the end.
std::string_view utf8_clip(std::string_view text, std::size_t limit) noexcept;

/// For a line that a person reads: control characters, C1 controls, line separators and
/// bidirectional overrides become `\n`, `\x1b`, `\u202e`; invalid bytes `\xff`; a backslash is
/// doubled, and so is escaped a quote where `quoted`.
void append_text_escaped(std::string& out, std::string_view text, bool quoted);

/// The inside of a JSON string (RFC 8259 section 7). Invalid UTF-8 becomes U+FFFD, one for each
/// byte.
void append_json_escaped(std::string& out, std::string_view text);

/// As Apache escapes log items: printable ASCII but `"` and `\` as it is, all else `\xhh`, `\n`,
/// ... `column`: spaces are escaped too, because a space ends the column.
void append_apache_escaped(std::string& out, std::string_view text, bool column);

}  // namespace microhost::observe
