// SPDX-License-Identifier: Apache-2.0
#include "ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace microhost::shared {
namespace {

constexpr unsigned kV4Offset = 96;  // bits of an IPv4-mapped address before the IPv4 one
constexpr std::array<uint8_t, 12> kV4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress masked(IpAddress a, unsigned bits) {
    for (unsigned i = 0; i < a.bytes.size(); ++i) {
        const unsigned kept = bits > i * 8 ? std::min(8U, bits - i * 8) : 0;
        a.bytes[i] &= static_cast<uint8_t>(0xff00U >> kept);
    }
    return a;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof terminated) return {};
    if (text.find('\0') != text.npos) return {};
    std::memcpy(terminated, text.data(), text.size());
    terminated[text.size()] = '\0';
    IpAddress out;
    if (text.find(':') != text.npos) {
        if (inet_pton(AF_INET6, terminated, out.bytes.data()) != 1) return {};
        return out;
    }
    std::copy(kV4Prefix.begin(), kV4Prefix.end(), out.bytes.begin());
    if (inet_pton(AF_INET, terminated, out.bytes.data() + kV4Prefix.size()) != 1) return {};
    return out;
}

bool IpAddress::is_v4() const {
    return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

IpAddress IpAddress::network(unsigned v4, unsigned v6) const {
    return masked(*this, is_v4() ? kV4Offset + v4 : v6);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return {};
    const bool v4 = text.substr(0, slash).find(':') == text.npos;
    unsigned bits = v4 ? 32 : 128;
    if (slash != text.npos) {
        const std::string_view digits = text.substr(slash + 1);
        unsigned given = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), given);
        if (error != std::errc{} || end != digits.data() + digits.size() || given > bits) return {};
        bits = given;
    }
    const IpPrefix out{*address, v4 ? kV4Offset + bits : bits};
    if (masked(*address, out.bits) != *address) return {};
    return out;
}

IpAddress IpPrefix::network_of(const IpAddress& a, unsigned bits) { return masked(a, bits); }

}  // namespace microhost::shared
