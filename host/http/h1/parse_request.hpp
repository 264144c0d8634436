// SPDX-License-Identifier: Apache-2.0
/// One complete request head: what is accepted has exactly one reading (RFC 9112, RFC 9110).
#pragma once

#include <cstddef>

#include "http/h1/parser.hpp"
#include "http/head.hpp"

namespace microhost::http::h1 {

/// `head` is one head from its first byte to the end of its empty line, as HeadScan found it (without `skip`). Bytes that
/// HeadScan has not judged must not come here: lone CR and LF, controls and obs-fold are its job. The views
/// in `out` point into it, or to static text; when a refusal is returned only method_text and target may be used, and
/// both may be empty.
///
/// - `target` is in origin-form, or "*" for OPTIONS. From a target in absolute-form the path and query are left, and its
///   authority takes the place of the Host field (RFC 9112 3.2.2); `head` is written to for that. Fragments, controls
///   and blanks are refused; bytes above 0x7e are left to normalise_target.
/// - There is exactly one Host with a valid value; HTTP/1.0 may be without.
/// - expect_continue is set only where a body is announced. Every other expectation gets 417.
/// - upgrade_websocket: GET, HTTP/1.1, Connection: upgrade, Upgrade: websocket, no body. Any other Upgrade is ignored.
///
/// Statuses: 400 malformed or ambiguous, 405 CONNECT and TRACE, 417, 431 too many fields, 501 a transfer
/// coding other than chunked or a method longer than 32 bytes, 505 neither HTTP/1.0 nor 1.1.
Refusal parse_request(char* head, size_t n, Parser& parser, RequestHead& out);

}  // namespace microhost::http::h1
