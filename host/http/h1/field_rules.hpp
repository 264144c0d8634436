// SPDX-License-Identifier: Apache-2.0
/// Rules on the values of single fields, the same for requests and responses.
#pragma once

#include <cstdint>
#include <string_view>

namespace microhost::http::h1 {

/// Digits and nothing else, at most 2^63 - 1 (RFC 9110 8.6). False: not so.
bool parse_length(std::string_view value, uint64_t& out);

/// A Host value, or the authority of a target: a name or an address, and maybe a port; no user (RFC 9110 7.2).
bool valid_authority(std::string_view value);

/// Is the value of a Transfer-Encoding a well-formed list of codings that we only do not implement?
bool unknown_coding(std::string_view value);

}  // namespace microhost::http::h1
