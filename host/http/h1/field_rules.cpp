// SPDX-License-Identifier: Apache-2.0
#include "http/h1/field_rules.hpp"

#include <array>

#include "http/names.hpp"

namespace microhost::http::h1 {
namespace {

// reg-name of RFC 3986 without "," (two Host values joined by a sloppy sender).
constexpr std::array<bool, 256> kHostByte = [] {
    std::array<bool, 256> t{};
    for (int c = '0'; c <= '9'; c++) t[c] = true;
    for (int c = 'a'; c <= 'z'; c++) t[c] = t[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("-._~%!$&'()*+;=")) t[static_cast<uint8_t>(c)] = true;
    return t;
}();

bool is_port(std::string_view s) {
    unsigned port = 0;
    if (s.size() > 5) return false;
    for (const char c : s) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port <= 65535;  // none at all is allowed: "host:"
}

bool is_address_literal(std::string_view s) {
    if (s.empty()) return false;
    for (const char c : s)
        if (!kHostByte[static_cast<uint8_t>(c)] && c != ':') return false;
    return true;
}

}  // namespace

bool parse_length(std::string_view value, uint64_t& out) {
    constexpr uint64_t kMost = INT64_MAX;
    uint64_t n = 0;
    if (value.empty()) return false;
    for (const char c : value) {
        const auto digit = static_cast<unsigned>(c - '0');
        if (digit > 9 || n > (kMost - digit) / 10) return false;
        n = n * 10 + digit;
    }
    out = n;
    return true;
}

bool valid_authority(std::string_view value) {
    if (value.empty()) return false;
    if (value.front() == '[') {
        const size_t close = value.find(']');
        if (close == std::string_view::npos) return false;
        const std::string_view rest = value.substr(close + 1);
        return is_address_literal(value.substr(1, close - 1)) &&
               (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1))));
    }
    size_t i = 0;
    while (i < value.size() && kHostByte[static_cast<uint8_t>(value[i])]) i++;
    if (i == 0) return false;
    return i == value.size() || (value[i] == ':' && is_port(value.substr(i + 1)));
}

bool unknown_coding(std::string_view value) {
    bool others = false, after_chunked = false;
    const bool good = for_each_token(value, [&](std::string_view coding) {
        if (after_chunked) return false;
        after_chunked = iequals(coding, "chunked");
        others |= !after_chunked;
        return is_token(coding);
    });
    return good && others;
}

}  // namespace microhost::http::h1
