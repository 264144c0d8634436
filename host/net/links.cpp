// SPDX-License-Identifier: Apache-2.0
#include "net/links.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <bit>
#include <cstring>
#include <memory>
#include <string_view>

namespace microhost::net {
namespace {

/// The bytes of an IP address; empty for what is none. An IPv4-mapped one is IPv4.
std::string_view ip_bytes(const Address& a) {
    if (a.family() == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr;
        return {reinterpret_cast<const char*>(&v4), sizeof v4};
    }
    if (a.family() != AF_INET6) return {};
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr;
    const std::string_view all(reinterpret_cast<const char*>(&v6), sizeof v6);
    return IN6_IS_ADDR_V4MAPPED(&v6) ? all.substr(12) : all;
}

Address address_of(const sockaddr& from) {
    Address a;
    a.len = from.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&a.storage, &from, a.len);
    return a;
}

unsigned bits_of(const sockaddr* mask, int family) {
    if (!mask) return 0;
    Address a = address_of(*mask);
    a.storage.ss_family = static_cast<sa_family_t>(family);  // some systems leave it out of masks
    unsigned bits = 0;
    const std::string_view bytes =
        family == AF_INET6
            ? std::string_view(reinterpret_cast<const char*>(
                                   &reinterpret_cast<sockaddr_in6&>(a.storage).sin6_addr),
                               16)
            : ip_bytes(a);
    for (const char c : bytes)
        bits += static_cast<unsigned>(std::popcount(static_cast<unsigned char>(c)));
    return bits;
}

}  // namespace

bool LinkAddress::reaches(const Address& a) const {
    const std::string_view own = ip_bytes(address), other = ip_bytes(a);
    if (own.empty() || own.size() != other.size()) return false;
    const size_t whole = bits / 8;
    const unsigned rest = bits % 8;
    if (own.substr(0, whole) != other.substr(0, whole)) return false;
    return !rest || static_cast<unsigned char>(own[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::vector<LinkAddress> link_addresses() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, ::freeifaddrs);
    std::vector<LinkAddress> out;
    for (const ifaddrs* i = first; i; i = i->ifa_next) {
        if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) continue;
        const int family = i->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        out.push_back({if_nametoindex(i->ifa_name), i->ifa_name, address_of(*i->ifa_addr),
                       bits_of(i->ifa_netmask, family),
                       (i->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)) != 0});
    }
    return out;
}

}  // namespace microhost::net
