// SPDX-License-Identifier: Apache-2.0
/// Whether a filter instance applies to a request: one answer for the request path and for whoever explains it.
#pragma once

#include <string_view>

#include "http/head.hpp"
#include "http/program.hpp"

namespace microhost::http {

/// What a match looks at. `path` in normal form, `authority` with or without a port.
struct MatchSubject {
    std::string_view method, path, authority;
    const Headers& headers;
};

/// The first key of the match nothing of which fits ("path", "path_prefix", "method", "host", "header"); empty: it applies.
std::string_view mismatch(const Match& m, const MatchSubject& s);

}  // namespace microhost::http
