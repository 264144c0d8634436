// SPDX-License-Identifier: Apache-2.0
/// Whose budget a request counts against, as the operator writes it: "client-ip", "principal+route:2", "header:X-Key".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::rate_limit {

struct KeyPart {
    enum class Kind : uint8_t { client_ip, principal, header, route };
    Kind kind = Kind::client_ip;
    std::string header;     ///< its name
    unsigned segments = 0;  ///< of the path that count; 0: all
};

/// Empty, with a sentence in `why`, for text that is no key.
std::vector<KeyPart> parse_key(std::string_view text, std::string& why);

/// The path up to so many segments: "/a/b/c" and 2 give "/a/b".
std::string_view first_segments(std::string_view path, unsigned segments);

/// Appends one part of a key. The tag keeps kinds apart: a field cannot pass for an address.
void append_part(std::string& key, char tag, std::string_view value);

/// Appends the network that the address lies in; what is no address (a Unix socket) as it is.
void append_client(std::string& key, std::string_view address, unsigned v4_bits, unsigned v6_bits);

}  // namespace microhost::rate_limit
