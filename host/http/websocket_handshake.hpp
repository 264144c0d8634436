// SPDX-License-Identifier: Apache-2.0
/// The opening handshake of a websocket, both halves (RFC 6455 section 4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace microhost::http {

enum class Handshake {
    good,
    wrong_version,  // to be answered 426 with Sec-WebSocket-Version: 13
    malformed,
};

/// `protocol`: the one that was chosen, empty for none; it must be among those that the client offers.
Handshake check_handshake(const RequestHead& head, std::string_view protocol);

/// Sec-WebSocket-Accept for that key. Empty when the crypto library refuses.
std::string websocket_accept(std::string_view key);

/// A Sec-WebSocket-Key of a client, new each time. Empty when the system has no random bytes.
std::string websocket_key();

/// What is wrong with a server's answer of 101, or null. `key` was sent, and the subprotocols `offered` with commas between them;
/// `*protocol` is the one that it chose, or empty.
const char* check_switch(const ResponseHead& head, std::string_view key, std::string_view offered,
                         std::string_view* protocol);

/// Seconds that a Retry-After asks for, whether it says a number or a date; 0 when it says neither. `now_s`: since 1970.
uint32_t retry_after_s(std::string_view value, int64_t now_s);

}  // namespace microhost::http
