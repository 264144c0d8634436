// SPDX-License-Identifier: Apache-2.0
/// One complete response head of an upstream. What has two readings is refused: the answer is then 502.
#pragma once

#include <cstddef>

#include "http/h1/parser.hpp"
#include "http/head.hpp"

namespace microhost::http::h1 {

/// `head` as in parse_request, judged by HeadScan before; the views in `out` point into it. Statuses 100 to 599 only; HTTP/1.0 and 1.1 only.
///
/// Framing (RFC 9112 6.3): none for HEAD, 1xx, 204 and 304, else chunked, length or until_close. A second
/// Content-Length, even an equal one, Content-Length beside Transfer-Encoding, any coding but chunked, and
/// Transfer-Encoding in HTTP/1.0 are refused. keep_alive is false where bytes that nobody asked for may follow.
/// Whether a 101 was asked for is the caller's to know. Every refusal is 502.
Refusal parse_response(char* head, size_t n, Parser& parser, ResponseHead& out,
                       Method request_method);

}  // namespace microhost::http::h1
