// SPDX-License-Identifier: Apache-2.0
/// The address of a node, "host:port", parsed once so that a request never parses it again.
#pragma once

#include "result.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::registry {

/// An IPv4, IPv6 or Unix address ready for connect(), or a host name that somebody still has to resolve.
struct Address {
    union Storage {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un local;
    } socket{};
    socklen_t length = 0;  // 0: a host name, not resolved
    uint16_t port = 0;
    std::string host;  // without brackets

    [[nodiscard]] bool resolved() const noexcept { return length != 0; }
};

/// Reads "192.0.2.1:80", "[2001:db8::1]:80" or "name.example:80".
/// Errors: no port, port 0, a host with characters that no host name has. The bytes are untrusted.
Result<Address> parse_address(std::string_view text);

/// As parse_address(), or "unix:/absolute/path": for files of this machine, never for what comes over a network.
Result<Address> parse_local_address(std::string_view text);

/// "host:port" from the two fields that Micro <= 1.7 wrote; an address that has a port already keeps it.
std::string join_address(std::string_view host, uint16_t port);

}  // namespace microhost::registry
