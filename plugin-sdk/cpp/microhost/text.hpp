// SPDX-License-Identifier: Apache-2.0
/// Text on both sides of the border, and text that is built while compiling.
#pragma once

#include <microhost/base.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mh {

using std::string_view;

inline mh_str lend(string_view s) noexcept { return {s.data(), s.size()}; }
inline string_view view(mh_str s) noexcept { return {s.ptr, s.len}; }
inline string_view view(mh_seg s) noexcept { return {reinterpret_cast<const char*>(s.ptr), s.len}; }
inline mh_seg bytes(string_view s) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

/// Names of header fields are the same in any case.
constexpr bool equal_names(string_view a, string_view b) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (low(a[i]) != low(b[i])) return false;
    }
    return true;
}

/// JSON string with its quotes. Bytes over 0x7f pass: they are UTF-8 or the reader's problem.
template <class Out>
constexpr void quote_into(Out& out, string_view s) {
    constexpr char hex[] = "0123456789abcdef";
    out.push_back('"');
    for (char c : s) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (c == '\n') {
            out.push_back('\\');
            out.push_back('n');
        } else if (static_cast<unsigned char>(c) < 0x20) {
            for (char e : {'\\', 'u', '0', '0', hex[(c >> 4) & 15], hex[c & 15]}) out.push_back(e);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

inline std::string quoted(string_view s) {
    std::string out;
    out.reserve(s.size() + 2);
    quote_into(out, s);
    return out;
}

/// Writes JSON while compiling: once to count, once into the array (see manifest.hpp). `out` may be null.
class Writer {
  public:
    constexpr explicit Writer(char* out) : out_(out) {}
    constexpr void push_back(char c) {
        if (out_) out_[size_] = c;
        ++size_;
    }
    constexpr void text(string_view s) {
        for (char c : s) push_back(c);
    }
    constexpr void quote(string_view s) { quote_into(*this, s); }
    constexpr void integer(std::int64_t v) {
        if (v < 0) push_back('-');
        const auto u = v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
        digits(u);
    }
    /// Six decimals at most: enough for a default in a schema.
    constexpr void number(double v) {
        if (v < 0) push_back('-');
        const double positive = (v < 0 ? -v : v) + 0.0000005;
        const auto whole = static_cast<std::uint64_t>(positive);
        digits(whole);
        auto rest = static_cast<std::uint64_t>((positive - static_cast<double>(whole)) * 1e6);
        if (rest == 0) return;
        push_back('.');
        for (std::uint64_t unit = 100000; unit != 0 && rest != 0; rest %= unit, unit /= 10) {
            push_back(static_cast<char>('0' + rest / unit));
        }
    }
    constexpr std::size_t size() const { return size_; }

  private:
    constexpr void digits(std::uint64_t v) {
        if (v >= 10) digits(v / 10);
        push_back(static_cast<char>('0' + v % 10));
    }
    char* out_;
    std::size_t size_ = 0;
};

}  // namespace mh
