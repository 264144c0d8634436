// SPDX-License-Identifier: Apache-2.0
#include "http/path.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include "http/names.hpp"

namespace microhost::http {
namespace {

enum class Byte : uint8_t { plain, slash, dot, percent, high, query, bad };

constexpr std::array<Byte, 256> kPathByte = [] {
    std::array<Byte, 256> t{};
    for (unsigned c = 0; c < 256; c++)
        t[c] = c <= 0x20 || c == 0x7f ? Byte::bad : c > 0x7f ? Byte::high : Byte::plain;
    t['/'] = Byte::slash;
    t['.'] = Byte::dot;
    t['%'] = Byte::percent;
    t['?'] = Byte::query;
    t['#'] = t['\\'] = Byte::bad;
    return t;
}();

Byte kind(char c) { return kPathByte[static_cast<uint8_t>(c)]; }

constexpr char kHex[] = "0123456789ABCDEF";

bool unreserved(unsigned c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

Refusal bad(const char* why) { return {400, why}; }

/// Appends to a buffer that is known to be large enough: three bytes for each of the target.
struct Writer {
    char* begin;
    char* at;

    void put(char c) { *at++ = c; }
    void encode(char c) {
        const auto u = static_cast<uint8_t>(c);
        put('%');
        put(kHex[u >> 4]);
        put(kHex[u & 15]);
    }
};

/// Reads "%xx" at s[i]; i is then on its last digit.
Refusal decode(std::string_view s, size_t& i, Writer& w) {
    const int high = i + 1 < s.size() ? hex_value(s[i + 1]) : -1;
    const int low = i + 2 < s.size() ? hex_value(s[i + 2]) : -1;
    if (high < 0 || low < 0) return bad("invalid percent-encoding in path");
    const auto c = static_cast<unsigned>(high << 4 | low);
    if (c < 0x20 || c == 0x7f) return bad("encoded control byte in path");
    if (unreserved(c))
        w.put(static_cast<char>(c));
    else
        w.encode(static_cast<char>(c));
    i += 2;
    return {};
}

/// Is there an encoded "/" or "\" at s[i]? Some servers decode it before they look at segments.
bool hidden_slash(std::string_view s, size_t i) {
    return s.substr(i, 3) == "%2F" || s.substr(i, 3) == "%5C";
}

/// Does the segment hold "." or ".." between such slashes, or in front of a ";", which some servers cut off with all
/// that follows? A segment that is nothing but dots was dealt with before.
bool hides_dots(std::string_view segment) {
    size_t begin = 0;
    for (size_t i = 0; i <= segment.size(); i++) {
        const bool last = i == segment.size();
        if (!last && !hidden_slash(segment, i)) continue;
        std::string_view piece = segment.substr(begin, i - begin);
        piece = piece.substr(0, piece.find(';'));
        if (piece == "." || piece == "..") return true;
        begin = i + 3;
    }
    return false;
}

/// The segment behind the last "/" is complete: removes it where it is empty or made of dots. The written path then
/// ends with "/".
Refusal close_segment(Writer& w) {
    char* slash = w.at;
    while (slash[-1] != '/') slash--;
    const std::string_view segment(slash, static_cast<size_t>(w.at - slash));
    if (segment.empty()) return {};
    if (segment == ".") {
        w.at = slash;
    } else if (segment == "..") {
        w.at = slash - 1;
        if (w.at == w.begin) return bad("path leaves the root");
        while (w.at[-1] != '/') w.at--;
    } else if (hides_dots(segment)) {
        return bad("hidden dot segment in path");
    }
    return {};
}

Refusal rewrite_path(std::string_view path, Writer& w) {
    w.put('/');
    for (size_t i = 1; i < path.size(); i++) {
        switch (kind(path[i])) {
            case Byte::slash:
                if (Refusal r = close_segment(w)) return r;
                if (w.at[-1] != '/') w.put('/');
                break;
            case Byte::percent:
                if (Refusal r = decode(path, i, w)) return r;
                break;
            case Byte::high: w.encode(path[i]); break;
            case Byte::bad: return bad("invalid byte in path");
            default: w.put(path[i]);
        }
    }
    return close_segment(w);
}

/// True when the path is in normal form already; `end` is where it ends in the target ("?" or the end).
bool is_normal(std::string_view target, size_t& end) {
    bool normal = true;
    for (size_t i = 0;; i++) {
        while (i < target.size() && kind(target[i]) == Byte::plain) i++;
        end = i;
        if (i == target.size() || kind(target[i]) == Byte::query) return normal;
        // ";" alone is harmless: it matters only behind dots that begin a segment, which are not normal.
        normal &= kind(target[i]) < Byte::percent && (i == 0 || target[i - 1] != '/');
    }
}

/// False: a byte that no query may hold.
bool check_query(std::string_view query, bool& high) {
    for (const char c : query) {
        const auto u = static_cast<uint8_t>(c);
        if (u <= 0x20 || u == 0x7f || u == '#') return false;
        high |= u > 0x7f;
    }
    return true;
}

}  // namespace

Refusal normalise_target(std::string_view target, char* out, size_t capacity, PathParts& parts) {
    parts = {};
    if (target == "*") {
        parts.path = target;
        return {};
    }
    if (target.empty() || target.front() != '/') return bad("path does not begin with /");
    size_t end = 0;
    const bool normal = is_normal(target, end);
    parts.path = target.substr(0, end);
    parts.has_query = end < target.size();
    if (parts.has_query) parts.query = target.substr(end + 1);
    bool high = false;
    if (!check_query(parts.query, high)) return bad("invalid byte in query");
    if (normal && !high) return {};

    if (capacity / 3 < target.size()) return {414, "target too long to normalise"};
    Writer w{out, out};
    if (Refusal r = rewrite_path(parts.path, w)) return r;
    parts.path = {out, static_cast<size_t>(w.at - out)};
    if (!high) return {};
    const char* query = w.at;
    for (const char c : parts.query) {
        if (static_cast<uint8_t>(c) > 0x7f)
            w.encode(c);
        else
            w.put(c);
    }
    parts.query = {query, static_cast<size_t>(w.at - query)};
    return {};
}

}  // namespace microhost::http
