// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

#include <algorithm>
#include <iterator>

namespace microhost::bot {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The code point at the beginning; `text` loses it. Broken bytes count as one character each.
char32_t next(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const size_t n = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t out = n == 1 ? lead : lead & (0x7fu >> n);
    size_t i = 1;
    for (; i < n && i < text.size() && continues(text[i]); ++i)
        out = (out << 6) | (static_cast<unsigned char>(text[i]) & 0x3fu);
    text.remove_prefix(i);
    return out;
}

struct Range {
    char32_t first, last;
};

constexpr Range kCombining[] = {{0x300, 0x36f},   {0x200b, 0x200f}, {0x202a, 0x202e},
                                {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                           {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                           {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
                           {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <size_t N>
bool in(const Range (&ranges)[N], char32_t c) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [c](const Range& r) { return c >= r.first && c <= r.last; });
}

}  // namespace

std::string_view cut(std::string_view text, size_t n) {
    if (text.size() <= n) return text;
    // A character has at most four bytes: longer runs are no UTF-8 and are cut anywhere.
    for (size_t back = 0; back < 4 && n > back; ++back)
        if (!continues(text[n - back])) return text.substr(0, n - back);
    return text.substr(0, n);
}

std::string shortened(std::string_view text, size_t n) {
    if (text.size() <= n) return std::string(text);
    return std::string(cut(text, n < 3 ? 0 : n - 3)) + "...";
}

size_t columns_of(std::string_view text) {
    size_t out = 0;
    while (!text.empty()) {
        const char32_t c = next(text);
        out += in(kCombining, c) ? 0 : in(kWide, c) ? 2 : 1;
    }
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t') out += c;
    }
    return out;
}

std::string one_line(std::string_view text, size_t n) {
    std::string out = printable(text.substr(0, 2 * n));
    std::ranges::replace(out, '\n', ' ');
    std::ranges::replace(out, '\t', ' ');
    return shortened(out, n);
}

}  // namespace microhost::bot
