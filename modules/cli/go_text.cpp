// SPDX-License-Identifier: Apache-2.0
#include "go_text.hpp"

#include <cstdio>
#include <ctime>

namespace microhost::cli {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// value / unit without zeros at its end: 1500, 1000 -> "1.5".
std::string fraction(uint64_t value, uint64_t unit) {
    std::string out = std::to_string(value / unit);
    uint64_t rest = value % unit;
    if (rest == 0) return out;
    out += '.';
    while (rest != 0) {
        unit /= 10;
        out += static_cast<char>('0' + rest / unit);
        rest %= unit;
    }
    return out;
}

}  // namespace

std::string go_duration(uint64_t ns) {
    if (ns == 0) return "0s";
    if (ns < 1'000) return std::to_string(ns) + "ns";
    if (ns < 1'000'000) return fraction(ns, 1'000) + "\u00b5s";
    if (ns < kSecond) return fraction(ns, 1'000'000) + "ms";
    const uint64_t minutes = ns / (60 * kSecond);
    std::string out;
    if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
    if (minutes > 0) out += std::to_string(minutes % 60) + "m";
    return out + fraction(ns % (60 * kSecond), kSecond) + "s";
}

std::string go_stamp(int64_t s) {
    const time_t t = s;
    tm local{};
    localtime_r(&t, &local);
    char month[16], rest[32];
    std::strftime(month, sizeof month, "%b", &local);
    std::strftime(rest, sizeof rest, " %H:%M:%S", &local);
    return std::string(month) + " " + std::to_string(local.tm_mday) + rest;
}

std::string megabytes(uint64_t bytes) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2fmb", static_cast<double>(bytes) / (1024.0 * 1024.0));
    return text;
}

}  // namespace microhost::cli
