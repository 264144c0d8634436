// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <algorithm>
#include <cstdint>

#include "../../../shared/text.hpp"

namespace microhost::bot::irc {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Length of the character at the front; 0: that is none (overlong ones, surrogates and what is over U+10FFFF are none).
size_t character(std::string_view s) {
    const auto at = [&](size_t i) {
        return static_cast<uint32_t>(static_cast<unsigned char>(s[i]));
    };
    const uint32_t first = at(0);
    if (first < 0x80) return 1;
    const size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    if (n == 0 || first > 0xf4 || s.size() < n) return 0;
    uint32_t code = first & (0x7fu >> n);
    for (size_t i = 1; i < n; ++i) {
        if (!continues(s[i])) return 0;
        code = code << 6 | (at(i) & 0x3f);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool bad = code < kLeast[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    return bad ? 0 : n;
}

/// How many of the first bytes are digits of a colour.
size_t digits(std::string_view s, size_t most, bool hex) {
    size_t n = 0;
    while (n < std::min(most, s.size()) &&
           (shared::is_digit(s[n]) ||
            (hex && shared::lower(s[n]) >= 'a' && shared::lower(s[n]) <= 'f')))
        ++n;
    return n;
}

/// Behind the code of a colour: "4", "04", "4,12", or six hexadecimal digits each.
size_t colours(std::string_view s, bool hex) {
    const size_t most = hex ? 6 : 2, front = digits(s, most, hex);
    if (front == 0 || front >= s.size() || s[front] != ',') return front;
    const size_t back = digits(s.substr(front + 1), most, hex);
    return back ? front + 1 + back : front;
}

}  // namespace

std::string clean(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const size_t n = character(bytes);
        if (n == 0)
            out += kReplacement;
        else if (bytes[0] != '\0' && bytes[0] != '\r')
            out += bytes.substr(0, n);
        bytes.remove_prefix(std::max<size_t>(n, 1));
    }
    return out;
}

size_t fitting(std::string_view utf8, size_t limit) {
    if (utf8.size() <= limit) return utf8.size();
    size_t n = limit;
    while (n > 0 && continues(utf8[n])) --n;
    // No character begins there at all: it was no UTF-8, and has to be torn somewhere.
    return n == 0 ? limit : n;
}

size_t fitting_words(std::string_view utf8, size_t limit) {
    const size_t n = fitting(utf8, limit);
    if (n == utf8.size()) return n;
    const size_t blank = utf8.substr(0, n).rfind(' ');
    return blank == utf8.npos || blank < n / 2 ? n : blank + 1;
}

std::string without_formatting(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '\x03' || c == '\x04')
            text.remove_prefix(colours(text, c == '\x04'));
        else if (c == '\t')
            out += ' ';
        else if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f)
            out += c;
    }
    return out;
}

Casemap casemap_of(std::string_view name) {
    if (name == "ascii") return Casemap::ascii;
    return name == "rfc1459-strict" || name == "strict-rfc1459" ? Casemap::strict_rfc1459
                                                                : Casemap::rfc1459;
}

std::string fold(std::string_view name, Casemap map) {
    const char last = map == Casemap::ascii ? 'Z' : map == Casemap::rfc1459 ? '^' : ']';
    std::string out(name);
    for (char& c : out)
        if (c >= 'A' && c <= last) c = static_cast<char>(c + 32);
    return out;
}

std::optional<std::string_view> after_mention(std::string_view text, std::string_view nick,
                                              Casemap map) {
    text = shared::trim(text);
    const bool at = text.starts_with('@');
    if (at) text.remove_prefix(1);
    if (nick.empty() || fold(text.substr(0, nick.size()), map) != fold(nick, map)) return {};
    text.remove_prefix(nick.size());
    if (text.empty()) return text;
    if (text.front() != ':' && text.front() != ',' && text.front() != ' ') return {};
    return shared::trim(text.substr(1));
}

}  // namespace microhost::bot::irc
