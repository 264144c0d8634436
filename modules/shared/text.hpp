// SPDX-License-Identifier: Apache-2.0
/// Views over the border's strings, and the comparisons that HTTP needs. No locale, no allocation.
#pragma once

#include <microhost/base.h>

#include <cstring>
#include <string_view>

namespace microhost::shared {

inline std::string_view view(mh_str s) { return {s.ptr, s.len}; }
inline std::string_view view(mh_seg s) { return {reinterpret_cast<const char*>(s.ptr), s.len}; }
inline mh_str str(std::string_view s) { return {s.data(), s.size()}; }
inline mh_seg seg(std::string_view s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

constexpr bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

/// s == literal, with one comparison: the library's operator calls a function that compares for order.
template <size_t N>
bool is(std::string_view s, const char (&literal)[N]) {
    return s.size() == N - 1 && std::memcmp(s.data(), literal, N - 1) == 0;
}

constexpr std::string_view trim(std::string_view s) {
    constexpr std::string_view kSpace = " \t\r\n";
    const size_t first = s.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

/// Calls fn with each trimmed, non-empty item of a list.
template <typename Fn>
void for_each_item(std::string_view list, char separator, Fn&& fn) {
    while (!list.empty()) {
        const size_t cut = list.find(separator);
        const std::string_view item = trim(list.substr(0, cut));
        if (!item.empty()) fn(item);
        if (cut == std::string_view::npos) return;
        list.remove_prefix(cut + 1);
    }
}

}  // namespace microhost::shared
