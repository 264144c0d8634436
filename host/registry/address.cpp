// SPDX-License-Identifier: Apache-2.0
#include "registry/address.hpp"

#include "json/nearest.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace microhost::registry {
namespace {

constexpr size_t kLongestHost = 253;  // RFC 1035 2.3.4, in text

bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > kLongestHost || host.front() == '-') return false;
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    });
}

bool is_ipv6(std::string_view host) {
    in6_addr unused{};
    return inet_pton(AF_INET6, std::string(host).c_str(), &unused) == 1;
}

bool parse_port(std::string_view text, uint16_t& port) {
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    return ec == std::errc{} && end == text.data() + text.size() && port != 0;
}

bool fill_v6(Address& out) {
    if (inet_pton(AF_INET6, out.host.c_str(), &out.socket.v6.sin6_addr) != 1) return false;
    out.socket.v6.sin6_family = AF_INET6;
    out.socket.v6.sin6_port = htons(out.port);
    out.length = sizeof(sockaddr_in6);
    return true;
}

void fill_v4(Address& out) {
    if (inet_pton(AF_INET, out.host.c_str(), &out.socket.v4.sin_addr) != 1) return;
    out.socket.v4.sin_family = AF_INET;
    out.socket.v4.sin_port = htons(out.port);
    out.length = sizeof(sockaddr_in);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
    const size_t colon = text.rfind(':');
    Address out;
    if (colon == std::string_view::npos || !parse_port(text.substr(colon + 1), out.port)) {
        return error("address {} has no port: write host:port, with a port from 1 to 65535",
                     json::quote_short(text));
    }
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    out.host = host;
    if (bracketed ? fill_v6(out) : is_host_name(host)) {
        if (!bracketed) fill_v4(out);
        return out;
    }
    return error("address {} is neither host:port nor [ipv6]:port", json::quote_short(text));
}

Result<Address> parse_local_address(std::string_view text) {
    constexpr std::string_view kScheme = "unix:";
    if (!text.starts_with(kScheme)) return parse_address(text);
    const std::string_view path = text.substr(kScheme.size());
    Address out;
    sockaddr_un& to = out.socket.local;
    if (!path.starts_with('/') || path.size() >= sizeof to.sun_path ||
        path.find('\0') != std::string_view::npos) {
        return error("address {} is no unix: with an absolute path of at most {} bytes",
                     json::quote_short(text), sizeof to.sun_path - 1);
    }
    to.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), to.sun_path);
    out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    return out;
}

std::string join_address(std::string_view host, uint16_t port) {
    if (port == 0 || parse_address(host)) return std::string(host);
    if (is_ipv6(host)) return fmt::format("[{}]:{}", host, port);
    return fmt::format("{}:{}", host, port);
}

}  // namespace microhost::registry
