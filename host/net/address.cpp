// SPDX-License-Identifier: Apache-2.0
#include "net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace microhost::net {
namespace {

// Every IP address as 16 bytes, v4 mapped into v6, so that one comparison serves both.
bool mapped(const Address& a, unsigned char out[16]) {
    if (a.family() == AF_INET6) {
        std::memcpy(out, &reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr, 16);
        return true;
    }
    if (a.family() != AF_INET) return false;
    std::memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    std::memcpy(out + 12, &reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr, 4);
    return true;
}

Result<Address> parse_unix(std::string_view path) {
    Address a;
    auto& un = reinterpret_cast<sockaddr_un&>(a.storage);
    if (path.empty() || path.size() >= sizeof un.sun_path)
        return error("\"unix:{}\" is not an address: the path must have 1 to {} bytes", path,
                     sizeof un.sun_path - 1);
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    a.len = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path[0] == '@')
        un.sun_path[0] = 0;  // abstract: the name is exactly these bytes
    else
        a.len++;
    return a;
}

bool parse_ip(std::string_view ip, Address& a) {
    char text[INET6_ADDRSTRLEN];
    if (ip.size() >= sizeof text) return false;
    std::memcpy(text, ip.data(), ip.size());
    text[ip.size()] = 0;
    auto& v4 = reinterpret_cast<sockaddr_in&>(a.storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        a.len = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return false;
    v6.sin6_family = AF_INET6;
    a.len = sizeof v6;
    return true;
}

bool have_ipv6() {
    static const bool yes = [] {
        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return false;
        sockaddr_in6 any{};
        any.sin6_family = AF_INET6;
        bool ok = bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0;
        ::close(fd);
        return ok;
    }();
    return yes;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
    if (text.starts_with("unix:")) return parse_unix(text.substr(5));
    size_t colon = text.rfind(':');
    if (colon == text.npos)
        return error("\"{}\" is not an address: expected HOST:PORT, :PORT or unix:/PATH", text);
    std::string_view host = text.substr(0, colon), number = text.substr(colon + 1);
    uint16_t port = 0;
    auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (ec != std::errc{} || end != number.data() + number.size())
        return error("\"{}\" is not an address: the port must be a number from 0 to 65535", text);
    Address a;
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != host.npos)
        return error("\"{}\" is not an address: write IPv6 as [ADDRESS]:PORT", text);
    if (host.empty()) host = have_ipv6() ? "::" : "0.0.0.0";
    if (host == "localhost") host = "127.0.0.1";
    if (!parse_ip(host, a))
        return error("\"{}\" is not an address: \"{}\" is a name, not an IP address", text, host);
    a.set_port(port);
    return a;
}

uint16_t Address::port() const {
    if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    if (family() == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    return 0;
}

void Address::set_port(uint16_t port) {
    if (family() == AF_INET) reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
    if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
}

bool Address::is_loopback() const {
    if (is_unix()) return true;
    unsigned char b[16];
    if (!mapped(*this, b)) return false;
    static const unsigned char v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char v6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return std::memcmp(b, v6, 16) == 0 || (std::memcmp(b, v4, 12) == 0 && b[12] == 127);
}

size_t Address::ip_text(char* out, size_t cap) const {
    unsigned char b[16];
    if (!mapped(*this, b)) {
        constexpr std::string_view kUnix = "unix";
        size_t n = kUnix.copy(out, cap);
        return n;
    }
    char text[INET6_ADDRSTRLEN];
    static const unsigned char v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::memcmp(b, v4, 12) == 0)
        inet_ntop(AF_INET, b + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, b, text, sizeof text);
    return std::string_view(text).copy(out, cap);
}

std::string Address::text() const {
    if (is_unix()) {
        auto& un = reinterpret_cast<const sockaddr_un&>(storage);
        size_t n = len - offsetof(sockaddr_un, sun_path);
        if (n && !un.sun_path[0]) return "unix:@" + std::string(un.sun_path + 1, n - 1);
        return "unix:" + std::string(un.sun_path, strnlen(un.sun_path, n));
    }
    char ip[INET6_ADDRSTRLEN];
    std::string_view host(ip, ip_text(ip, sizeof ip));
    bool v6 = host.find(':') != host.npos;
    return v6 ? fmt::format("[{}]:{}", host, port()) : fmt::format("{}:{}", host, port());
}

Result<> PrefixSet::add(std::string_view text) {
    if (text == "unix") {
        unix_ = true;
        return {};
    }
    if (text == "loopback") {
        for (auto t : {"127.0.0.0/8", "::1"}) add(t).value();
        unix_ = true;
        return {};
    }
    if (text == "private") {
        for (auto t : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}) add(t).value();
        return {};
    }
    size_t slash = text.find('/');
    Address a;
    if (!parse_ip(text.substr(0, slash), a)) return error("\"{}\" is not an address range", text);
    unsigned width = a.family() == AF_INET ? 32 : 128, bits = width;
    if (slash != text.npos) {
        std::string_view number = text.substr(slash + 1);
        auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), bits);
        if (ec != std::errc{} || end != number.data() + number.size() || bits > width)
            return error("\"{}\" is not an address range: the prefix must be 0 to {}", text, width);
    }
    Prefix p{};
    mapped(a, p.bytes);
    p.bits = bits + (128 - width);
    prefixes_.push_back(p);
    return {};
}

bool PrefixSet::contains(const Address& a) const {
    if (a.is_unix()) return unix_;
    unsigned char b[16];
    if (!mapped(a, b)) return false;
    for (const Prefix& p : prefixes_) {
        unsigned whole = p.bits / 8, rest = p.bits % 8;
        if (std::memcmp(b, p.bytes, whole) != 0) continue;
        if (!rest || ((b[whole] ^ p.bytes[whole]) >> (8 - rest)) == 0) return true;
    }
    return false;
}

}  // namespace microhost::net
