// SPDX-License-Identifier: Apache-2.0
// The format is HAProxy's doc/proxy-protocol.txt; the section numbers below are its own.
#include "net/proxy_protocol.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace microhost::net {
namespace {

constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::string_view kVersion1 = "PROXY ";
constexpr size_t kMaxVersion1 = 107;  // section 2.1, with the CRLF
constexpr size_t kMaxVersion2 = 536;  // section 2: what every sender gets through in one segment
constexpr size_t kFixed = 16;
constexpr size_t kUnixPath = 108;

// One word up to the next space; a line has exactly one space between two words.
std::string_view next_word(std::string_view& rest) {
    size_t space = std::min(rest.find(' '), rest.size());
    std::string_view word = rest.substr(0, space);
    rest.remove_prefix(std::min(space + 1, rest.size()));
    return word;
}

bool port_number(std::string_view text, uint16_t& port) {
    if (text.empty() || text.size() > 5 || (text[0] == '0' && text.size() > 1)) return false;
    unsigned value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    port = static_cast<uint16_t>(value);
    return value <= 65535;
}

void set_ip(Address& a, int family, const void* ip, uint16_t port) {
    if (family == AF_INET) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(a.storage);
        v4.sin_family = AF_INET;
        std::memcpy(&v4.sin_addr, ip, sizeof v4.sin_addr);
        a.len = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
        v6.sin6_family = AF_INET6;
        std::memcpy(&v6.sin6_addr, ip, sizeof v6.sin6_addr);
        a.len = sizeof v6;
    }
    a.set_port(port);
}

bool ip_word(int family, std::string_view text, unsigned char out[16]) {
    char buffer[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof buffer || text.find('\0') != text.npos) return false;
    text.copy(buffer, sizeof buffer - 1);
    return inet_pton(family, buffer, out) == 1;
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n": `line` is what stands between "PROXY " and CRLF.
bool parse_line(std::string_view line, ProxyHeader& out) {
    std::string_view protocol = next_word(line);
    if (protocol == "UNKNOWN") return true;  // 2.1: the rest of the line is ignored
    if (protocol != "TCP4" && protocol != "TCP6") return false;
    if (line.ends_with(' ')) return false;
    int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    unsigned char source[16], destination[16];
    uint16_t source_port, destination_port;
    if (!ip_word(family, next_word(line), source)) return false;
    if (!ip_word(family, next_word(line), destination)) return false;
    if (!port_number(next_word(line), source_port)) return false;
    if (!port_number(next_word(line), destination_port) || !line.empty()) return false;
    set_ip(out.source, family, source, source_port);
    set_ip(out.destination, family, destination, destination_port);
    return true;
}

ProxyParse parse_version1(std::string_view input, ProxyHeader& out) {
    input = input.substr(0, kMaxVersion1);
    size_t end = input.find('\r');
    size_t line_feed = input.find('\n');
    if (line_feed < end) return ProxyParse::bad;  // a bare LF ends nothing
    if (end == input.npos || end + 1 == input.size())
        return input.size() < kMaxVersion1 ? ProxyParse::need_more : ProxyParse::bad;
    if (input[end + 1] != '\n') return ProxyParse::bad;
    if (!parse_line(input.substr(kVersion1.size(), end - kVersion1.size()), out))
        return ProxyParse::bad;
    out.size = end + 2;
    return ProxyParse::done;
}

uint16_t big_endian(const char* p) {
    return static_cast<uint16_t>(static_cast<unsigned char>(p[0]) << 8 |
                                 static_cast<unsigned char>(p[1]));
}

// 2.2: a fixed field of 108 bytes, zero-padded; an abstract name begins with a zero.
void set_unix(Address& a, const char* path) {
    auto& un = reinterpret_cast<sockaddr_un&>(a.storage);
    un.sun_family = AF_UNIX;
    size_t n = kUnixPath;
    while (n && !path[n - 1]) n--;
    n = std::min(n, sizeof un.sun_path - 1);
    std::memcpy(un.sun_path, path, n);
    bool named = n && un.sun_path[0];
    a.len = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + n + (named ? 1 : 0));
}

// The addresses in front of the TLVs. False when the block is shorter than its family needs.
bool parse_block(unsigned char family, const char* p, size_t n, ProxyHeader& out) {
    switch (family) {
        case 0x00: return true;  // UNSPEC
        case 0x11:
            if (n < 12) return false;
            set_ip(out.source, AF_INET, p, big_endian(p + 8));
            set_ip(out.destination, AF_INET, p + 4, big_endian(p + 10));
            return true;
        case 0x21:
            if (n < 36) return false;
            set_ip(out.source, AF_INET6, p, big_endian(p + 32));
            set_ip(out.destination, AF_INET6, p + 16, big_endian(p + 34));
            return true;
        case 0x31:
            if (n < 2 * kUnixPath) return false;
            set_unix(out.source, p);
            set_unix(out.destination, p + kUnixPath);
            return true;
        default: return false;  // datagrams cannot have carried this stream
    }
}

ProxyParse parse_version2(const char* data, size_t n, ProxyHeader& out) {
    if (n > 12) {
        auto version = static_cast<unsigned char>(data[12]);
        if (version != 0x20 && version != 0x21) return ProxyParse::bad;
    }
    if (n < kFixed) return ProxyParse::need_more;
    size_t size = kFixed + big_endian(data + 14);
    if (size > kMaxVersion2) return ProxyParse::bad;
    if (n < size) return ProxyParse::need_more;
    bool local = data[12] == 0x20;  // 2.2: a LOCAL connection's addresses are to be skipped
    if (!local &&
        !parse_block(static_cast<unsigned char>(data[13]), data + kFixed, size - kFixed, out))
        return ProxyParse::bad;
    out.size = size;
    return ProxyParse::done;
}

}  // namespace

ProxyParse parse_proxy_header(const char* data, size_t n, ProxyHeader& out) {
    out = {};
    std::string_view input(data, std::min(n, kMaxVersion2));
    auto begins = [&](std::string_view magic) {
        size_t seen = std::min(input.size(), magic.size());
        return input.substr(0, seen) == magic.substr(0, seen);
    };
    if (begins(kSignature))
        return input.size() < kSignature.size() ? ProxyParse::need_more
                                                : parse_version2(data, input.size(), out);
    if (begins(kVersion1))
        return input.size() < kVersion1.size() ? ProxyParse::need_more : parse_version1(input, out);
    return ProxyParse::bad;
}

}  // namespace microhost::net
