// SPDX-License-Identifier: Apache-2.0
/// Addresses and networks as an operator writes them: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace microhost::shared {

/// IPv4 is kept as an IPv4-mapped IPv6 address, so that a client is the same whichever way it came.
struct IpAddress {
    std::array<uint8_t, 16> bytes{};

    static std::optional<IpAddress> parse(std::string_view text);
    bool is_v4() const;
    /// Bits behind the first `v4` (of 32) or `v6` (of 128) are cleared.
    IpAddress network(unsigned v4, unsigned v6) const;
    bool operator==(const IpAddress&) const = default;
};

struct IpPrefix {
    IpAddress address;
    unsigned bits = 0;  ///< of 128

    /// An address alone is a network of one. Nothing for other text, and for a network with bits behind its length.
    static std::optional<IpPrefix> parse(std::string_view text);
    bool contains(const IpAddress& a) const { return network_of(a, bits) == address; }
    static IpAddress network_of(const IpAddress& a, unsigned bits);
};

}  // namespace microhost::shared
