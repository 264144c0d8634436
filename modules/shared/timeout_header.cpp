// SPDX-License-Identifier: Apache-2.0
#include "timeout_header.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr size_t kLongest = 18;                   // as many digits as a sum of them has room for
constexpr uint64_t kNanosecondsFrom = 1'000'000;  // of digits without a unit
constexpr size_t kMostFraction = 9;

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

uint64_t value_of(std::string_view digits) {
    uint64_t n = 0;
    for (const char c : digits) n = n * 10 + static_cast<uint64_t>(c - '0');
    return n;
}

/// "1.5" times `scale`, what is left over counting as one more; 0 when it is no number.
uint64_t scaled(std::string_view text, uint64_t scale) {
    constexpr size_t kMostWhole = 12;
    const size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point == text.npos ? "0" : text.substr(point + 1);
    if (!whole.empty() && !is_number(whole)) return 0;
    if (!is_number(fraction) || (whole.empty() && point == text.npos)) return 0;
    if (whole.size() > kMostWhole || fraction.size() > kMostFraction) return 0;
    uint64_t parts = 1;
    for (size_t i = 0; i < fraction.size(); ++i) parts *= 10;
    return value_of(whole) * scale + (value_of(fraction) * scale + parts - 1) / parts;
}

uint64_t milliseconds_of(std::string_view header) {
    constexpr uint64_t kSecond = 1000;
    if (header.size() > kLongest) return 0;
    if (is_number(header)) {
        const uint64_t n = value_of(header);
        return n >= kNanosecondsFrom ? n / kNanosecondsFrom : n * kSecond;
    }
    if (header.ends_with("ms")) return scaled(header.substr(0, header.size() - 2), 1);
    if (header.ends_with('s')) header.remove_suffix(1);
    return scaled(header, kSecond);
}

}  // namespace

uint32_t effective_timeout_ms(uint32_t configured_ms, std::string_view header) {
    const uint64_t ms = milliseconds_of(header);
    return ms == 0 ? configured_ms : static_cast<uint32_t>(std::min<uint64_t>(configured_ms, ms));
}

uint32_t page_timeout_ms(uint32_t configured_ms, std::string_view header) {
    // So many seconds are longer than any configured time.
    const bool long_time =
        is_number(header) && value_of(header.substr(0, kLongest)) >= kNanosecondsFrom;
    return long_time ? configured_ms : effective_timeout_ms(configured_ms, header);
}

}  // namespace microhost::shared
