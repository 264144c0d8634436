// SPDX-License-Identifier: Apache-2.0
#include "base64.hpp"

#include <array>
#include <cstdint>

namespace microhost::shared {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of each byte in the URL-safe alphabet, 64 for all others.
constexpr std::array<uint8_t, 256> kUrlDigits = [] {
    std::array<uint8_t, 256> table{};
    table.fill(64);
    for (uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(kAlphabet[i])] = i;
    table['+'] = table['/'] = 64;
    table['-'] = 62, table['_'] = 63;
    return table;
}();

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        const size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
        for (size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        }
        for (size_t k = 0; k < 4; ++k) {
            out += k <= n ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
        }
    }
    return out;
}

bool base64_decode(std::string_view text, std::string& out) {
    out.clear();
    if (text.size() % 4 != 0) return false;
    size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    uint32_t group = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool pad = i >= text.size() - padding;
        const size_t digit = pad ? 0 : kAlphabet.find(text[i]);
        if (digit == std::string_view::npos) return false;
        group = group << 6 | static_cast<uint32_t>(digit);
        if (i % 4 != 3) continue;
        out += static_cast<char>(group >> 16);
        out += static_cast<char>(group >> 8);
        out += static_cast<char>(group);
        group = 0;
    }
    out.resize(out.size() - padding);
    return true;
}

bool base64url_decode(std::string_view text, std::string& out) {
    out.clear();
    if (text.size() % 4 == 1) return false;
    out.reserve(text.size() / 4 * 3 + 2);
    uint32_t group = 0, bits = 0;
    for (const char c : text) {
        const uint32_t digit = kUrlDigits[static_cast<unsigned char>(c)];
        if (digit == 64) return false;
        group = group << 6 | digit;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out += static_cast<char>(group >> bits);
        group &= (1u << bits) - 1;
    }
    return group == 0;
}

}  // namespace microhost::shared
