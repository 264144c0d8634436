// SPDX-License-Identifier: Apache-2.0
#include "json/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/writer.hpp"

namespace microhost::json {
namespace {

/// Longer words are no typing errors of ours, and the table below is quadratic.
constexpr std::size_t kLongestWord = 64;

/// '-' and '_' are one sign in every name of ours.
char fold(char c) { return c == '-' ? '_' : c; }

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = fold(a[i - 1]) == fold(b[j - 1]);
            d[i][j] =
                std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    if (word.size() > kLongestWord) return {};
    std::string_view best;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (std::string_view candidate : candidates) {
        if (candidate.size() > kLongestWord) continue;
        const std::size_t here = distance(word, candidate);
        if (here >= least || here >= candidate.size()) continue;
        least = here;
        best = candidate;
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
    const std::string_view best = nearest(word, candidates);
    return best.empty() ? "" : fmt::format("; did you mean \"{}\"?", best);
}

std::string quote_short(std::string_view text) {
    constexpr std::size_t kMost = 40;
    if (text.size() <= kMost) return quote(text);
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return quote(std::string(text.substr(0, end)) + "...");
}

}  // namespace microhost::json
