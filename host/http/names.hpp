// SPDX-License-Identifier: Apache-2.0
/// Header names as numbers (MH_H_*), and the small grammar of field names, values and comma lists (RFC 9110 section 5).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace microhost::http {

/// The MH_H_* id of a field name, whatever its case; 0 when the table lacks it. A perfect hash and one comparison.
uint32_t header_id(std::string_view name);

/// The name of an id in lower case; empty for 0 and for ids beyond the table.
std::string_view header_name(uint32_t id);

/// ASCII case does not count; every other byte must be the same.
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view s, std::string_view prefix);

/// What a hexadecimal digit stands for; -1 for any other byte.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = static_cast<char>(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// RFC 9110 section 5.6.2; an empty string is none.
bool is_token(std::string_view s);

/// No control byte except HTAB (RFC 9110 section 5.5). Says nothing about blanks at the ends.
bool valid_value(std::string_view s);

/// a == b, where it matters: the library's operator calls a function that compares for order.
inline bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
template <size_t N>
bool same(std::string_view a, const char (&b)[N]) {
    return a.size() == N - 1 && std::memcmp(a.data(), b, N - 1) == 0;
}

/// The first byte of [p, end) that is a control (0x00-0x1f, 0x7f) other than HTAB, or end.
const char* find_control(const char* p, const char* end);

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Without the optional white space (SP, HTAB) at both ends.
constexpr std::string_view trim(std::string_view s) {
    while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
    return s;
}

/// Calls visit(element) for each non-empty element of a comma list, trimmed; visit returns false to stop. Elements
/// may be anything without a comma: whoever needs tokens asks is_token. True unless visit stopped it.
template <class Visit>
bool for_each_token(std::string_view list, Visit&& visit) {
    for (;;) {
        const size_t comma = list.find(',');
        const std::string_view element = trim(list.substr(0, comma));
        if (!element.empty() && !visit(element)) return false;
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
}

/// Does the comma list hold that token, whatever its case?
bool list_has_token(std::string_view list, std::string_view token);

}  // namespace microhost::http
