// SPDX-License-Identifier: Apache-2.0
/// Whether a response may be compressed, and whether the client wants it (RFC 9110 sections 12.5.3 and 8.8.1).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace microhost::compress {

/// Of an Accept-Encoding field, or several joined by commas. Absent or empty: no.
bool accepts_gzip(std::string_view accept_encoding);

/// Whether a media type is in the list: "text/css", "text/*", "*+json". Parameters do not count, nor does case. Event streams must
/// be named in full: they are read bit by bit.
bool listed(std::string_view content_type, std::span<const std::string_view> types);

/// A token in a comma-separated list, in any case.
bool has_token(std::string_view list, std::string_view token);

/// The tag of what is no longer the same bytes.
std::string weak(std::string_view etag);

}  // namespace microhost::compress
