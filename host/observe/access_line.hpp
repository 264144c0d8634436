// SPDX-License-Identifier: Apache-2.0
/// One finished request as a line of the access log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::observe {

/// All texts are lent for the length of the call; an empty one is unknown.
struct AccessRecord {
    std::uint64_t time_us = 0;  // when the request was read, since 1970, UTC
    std::string_view peer;      // address without port
    std::string_view user;      // the principal
    std::string_view method;
    std::string_view target;   // as in the request line
    std::string_view version;  // "HTTP/1.1"
    std::uint32_t status = 0;
    std::uint64_t bytes = 0;  // of the response body
    std::string_view referer;
    std::string_view user_agent;
    std::uint64_t duration_us = 0;
    std::string_view request_id;
    std::string_view upstream;
    std::string_view listener;
    std::string_view route;
};

/// No text is written longer than this many bytes (before escaping): one request cannot fill a
/// disk.
inline constexpr std::size_t kMaxAccessText = 2048;

/// `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"` with Apache's escapes, and the newline.
void append_combined_line(std::string& out, const AccessRecord& record);
/// One JSON object with the members of AccessRecord ("time" in RFC 3339; unknown texts left out),
/// and the newline.
void append_json_line(std::string& out, const AccessRecord& record);

}  // namespace microhost::observe
