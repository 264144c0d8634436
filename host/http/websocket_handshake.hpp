// SPDX-License-Identifier: Apache-2.0
/// The opening handshake of a websocket, the server's half (RFC 6455 section 4.2).
#pragma once

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

}  // namespace microhost::http
