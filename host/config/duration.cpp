// SPDX-License-Identifier: Apache-2.0
#include "config/duration.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace microhost::config {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t size;
};

// Longer names first where one begins with another.
constexpr std::array kTimes{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                            Unit{"d", 86'400'000}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1LL << 10}, Unit{"MiB", 1LL << 20},
                            Unit{"GiB", 1LL << 30}};
constexpr double kMostSeconds = 10.0 * 365 * 86'400;
constexpr double kLargestSize = 9.0e15;  // exact in a double

/// Takes a number such as 1 or 1.5 from the front.
bool take_number(std::string_view& text, double& out) {
    if (text.empty() || (std::isdigit(static_cast<unsigned char>(text.front())) == 0)) return false;
    const auto [rest, wrong] =
        std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
    if (wrong != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return true;
}

std::string_view take_letters(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && std::isalpha(static_cast<unsigned char>(text[n]))) ++n;
    const std::string_view letters = text.substr(0, n);
    text.remove_prefix(n);
    return letters;
}

bool same_letters(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(a[i])) !=
            std::tolower(static_cast<unsigned char>(b[i])))
            return false;
    return true;
}

Error bad_duration(std::string_view text) {
    return error("{:?} is no duration; write 500ms, 10s, 1m, 2h or a number of seconds", text);
}

Error bad_size(std::string_view text) {
    return error("{:?} is no size; write 4096, 32k, 4MiB or 1GiB", text);
}

}  // namespace

Result<Milliseconds> seconds(double count) {
    if (!(count >= 0 && count <= kMostSeconds)) return error("a duration is from 0 to ten years");
    return Milliseconds{static_cast<std::int64_t>(std::llround(count * 1000))};
}

Result<Milliseconds> parse_duration(std::string_view text) {
    const std::string_view whole = text;
    double total = 0, number = 0;
    if (text.empty()) return bad_duration(whole);
    while (!text.empty()) {
        if (!take_number(text, number)) return bad_duration(whole);
        const std::string_view name = take_letters(text);
        if (name.empty() && (!text.empty() || total != 0)) return bad_duration(whole);
        std::int64_t size = name.empty() ? 1000 : 0;
        for (const Unit& unit : kTimes)
            if (unit.name == name) size = unit.size;
        if (size == 0) return bad_duration(whole);
        total += number * static_cast<double>(size);
    }
    return seconds(total / 1000);
}

Result<std::int64_t> parse_size(std::string_view text) {
    const std::string_view whole = text;
    double number = 0;
    if (!take_number(text, number)) return bad_size(whole);
    const std::string_view name = take_letters(text);
    std::int64_t size = name.empty() ? 1 : 0;
    for (const Unit& unit : kSizes)
        if (same_letters(name, unit.name) || same_letters(name, unit.name.substr(0, 1)))
            size = unit.size;
    const double bytes = number * static_cast<double>(size);
    if (size == 0 || !text.empty() || bytes > kLargestSize || bytes != std::floor(bytes))
        return bad_size(whole);
    return static_cast<std::int64_t>(bytes);
}

std::string format_duration(Milliseconds value) {
    if (value.count() == 0) return "0s";
    const Unit* best = kTimes.data();
    for (const Unit& unit : kTimes)
        if (value.count() % unit.size == 0) best = &unit;
    return fmt::format("{}{}", value.count() / best->size, best->name);
}

std::string format_size(std::int64_t bytes) {
    const Unit* best = kSizes.data();
    for (const Unit& unit : kSizes)
        if (bytes != 0 && bytes % unit.size == 0) best = &unit;
    return best->size == 1 ? std::to_string(bytes)
                           : fmt::format("{}{}", bytes / best->size, best->name);
}

}  // namespace microhost::config
