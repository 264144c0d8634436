// SPDX-License-Identifier: Apache-2.0
/// Status codes and their reason phrases (RFC 9110 section 15 and the IANA registry).
#pragma once

#include <string_view>

namespace microhost::http {

/// "OK" for 200; empty for a status that is not registered.
std::string_view reason(unsigned status);

/// "HTTP/1.1 200 OK\r\n" for a registered status, else empty.
std::string_view status_line(unsigned status);

}  // namespace microhost::http
