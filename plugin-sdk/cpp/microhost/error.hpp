// SPDX-License-Identifier: Apache-2.0
/// Micro's error JSON, as the host and our modules answer with it.
#pragma once

#include <microhost/text.hpp>

namespace mh {

/// Reason phrases of the statuses that modules answer with; "" for others.
inline string_view reason(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "";
    }
}

/// Micro's error JSON: {"id","code","detail","status"}.
inline std::string error_json(string_view id, unsigned code, string_view detail) {
    std::string out = R"({"id":)" + quoted(id) + R"(,"code":)" + std::to_string(code);
    return out + R"(,"detail":)" + quoted(detail) + R"(,"status":)" + quoted(reason(code)) + "}";
}

}  // namespace mh
