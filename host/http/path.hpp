// SPDX-License-Identifier: Apache-2.0
/// One spelling for each path: what is matched is what is forwarded.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/head.hpp"

namespace microhost::http {

struct PathParts {
    std::string_view path;   // begins with "/", or is "*"
    std::string_view query;  // without its "?"
    bool has_query = false;  // "/a?" has an empty one
};

/// The target of a request (as parse_request leaves it) in normal form. Where nothing must change, and that is the
/// rule, the parts are views into `target`; else into `out`, which has room for `capacity` bytes; 3 bytes for each of
/// `target` always suffice (414 if not enough).
///
/// Path: percent-encoded unreserved characters are decoded, other percent-encodings stay, with upper-case digits, bytes
/// above 0x7e are encoded, "//" becomes "/", and dot segments are removed (RFC 3986 6.2.2). Query: bytes above 0x7e are
/// encoded, nothing else changes. Normalising twice changes nothing.
///
/// 400 for what servers read in different ways: ".." above the root, an invalid percent-encoding or one of a control
/// byte, blanks, controls, "#", "\", and dot segments hidden behind "%2F", "%5C" or ";".
Refusal normalise_target(std::string_view target, char* out, size_t capacity, PathParts& parts);

}  // namespace microhost::http
