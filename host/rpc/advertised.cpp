// SPDX-License-Identifier: Apache-2.0
#include "rpc/advertised.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "registry/address.hpp"

namespace microhost::rpc {
namespace {

std::string ip_of(const net::Address& a) {
    char text[48];
    return {text, a.ip_text(text, sizeof text)};
}

std::string joined(const std::string& host, uint16_t port) {
    const bool v6 = host.find(':') != host.npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

// An error is made of a string, too, so it has to be said which is meant.
Result<std::string> text(std::string s) { return {boost::system::in_place_value, std::move(s)}; }

bool is_private(const net::Address& a) {
    static const net::PrefixSet set = [] {
        net::PrefixSet s;
        for (const char* range :
             {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"})
            if (!s.add(range)) continue;
        return s;
    }();
    return set.contains(a);
}

bool is_link_local(const net::Address& a) {
    if (a.family() != AF_INET6)
        return false;  // such an address means nothing without its interface
    return IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr);
}

/// Lower is better.
int rank(const net::Address& a) {
    const int family = a.family() == AF_INET ? 0 : 1;
    if (is_private(a)) return family;
    return a.is_loopback() ? 4 + family : 2 + family;
}

std::string best_of(std::span<const net::Address> interfaces, bool v4_only) {
    const net::Address* best = nullptr;
    for (const net::Address& a : interfaces) {
        if ((v4_only && a.family() != AF_INET) || is_link_local(a)) continue;
        if (!best || rank(a) < rank(*best)) best = &a;
    }
    return best ? ip_of(*best) : "127.0.0.1";
}

}  // namespace

std::vector<net::Address> interface_addresses() {
    std::vector<net::Address> out;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return out;
    for (const ifaddrs* i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) continue;
        const int family = i->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        net::Address a;
        a.len = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        std::memcpy(&a.storage, i->ifa_addr, a.len);
        out.push_back(a);
    }
    ::freeifaddrs(all);
    return out;
}

Result<std::string> advertised_address(const net::Address& listening, std::string_view advertise,
                                       std::span<const net::Address> interfaces) {
    if (!advertise.empty()) {
        if (auto whole = registry::parse_address(advertise)) return text(std::string(advertise));
        const std::string with_port = joined(std::string(advertise), listening.port());
        if (auto host = registry::parse_address(with_port); !host)
            return error("rpc_advertise \"{}\" is neither a host nor host:port", advertise);
        return text(with_port);
    }
    if (listening.is_unix())
        return error("a Unix socket has no address that others could call; set rpc_advertise");
    const std::string ip = ip_of(listening);
    if (ip != "0.0.0.0" && ip != "::") return text(joined(ip, listening.port()));
    return text(joined(best_of(interfaces, ip == "0.0.0.0"), listening.port()));
}

}  // namespace microhost::rpc
