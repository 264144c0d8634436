// SPDX-License-Identifier: Apache-2.0
#include "rate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace microhost::rate_limit {
namespace {

constexpr uint64_t kParts = 1000;  // a rate is kept in thousandths, so that fractions count

std::optional<Rate> rate_of(double n, uint64_t unit_ms) {
    const double a_second = n * 1000 / static_cast<double>(unit_ms);
    if (!(a_second >= 1e-5 && a_second <= 1e9)) return {};
    Rate r;
    r.count = static_cast<uint64_t>(std::llround(n * kParts));
    r.period_ms = unit_ms * kParts;
    if (r.count == 0) return {};
    r.usual_burst = std::max<uint64_t>(1, static_cast<uint64_t>(n));
    return r;
}

}  // namespace

std::optional<Rate> Rate::a_second(double rate) { return rate_of(rate, 1000); }

std::optional<Rate> Rate::parse(std::string_view text) {
    const std::string number(text.substr(0, text.find('/')));
    if (number.empty() || number.find_first_not_of("0123456789.") != number.npos) return {};
    char* end = nullptr;
    const double n = std::strtod(number.c_str(), &end);
    if (*end != '\0') return {};
    if (number.size() == text.size()) return a_second(n);
    const std::string_view unit = text.substr(number.size() + 1);
    if (unit == "s") return rate_of(n, 1000);
    if (unit == "m") return rate_of(n, 60'000);
    if (unit == "h") return rate_of(n, 3'600'000);
    return {};
}

uint64_t Rate::seconds_for(uint64_t n) const {
    const double ms =
        static_cast<double>(n) * static_cast<double>(period_ms) / static_cast<double>(count);
    return static_cast<uint64_t>(std::ceil(ms / 1000));
}

uint64_t retry_seconds(uint64_t ms) { return std::max<uint64_t>(1, (ms + 999) / 1000); }

}  // namespace microhost::rate_limit
