// SPDX-License-Identifier: Apache-2.0
#include "nearest.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace microhost::bot {
namespace {

constexpr size_t kLongest = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// As many words of `typed` as `name` has.
std::string_view as_many_words(std::string_view typed, std::string_view name) {
    auto words = std::count(name.begin(), name.end(), ' ') + 1;
    for (size_t i = 0; i < typed.size(); ++i)
        if (typed[i] == ' ' && --words == 0) return typed.substr(0, i);
    return typed;
}

size_t tolerated(size_t length) { return length <= 2 ? 0 : length <= 4 ? 1 : length <= 9 ? 2 : 3; }

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b, size_t most) {
    const size_t longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
    if (longer > kLongest || longer - shorter > most) return most + 1;
    using Row = std::array<size_t, kLongest + 1>;
    Row before{}, above{}, row{};
    for (size_t k = 0; k <= b.size(); ++k) above[k] = k;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t k = 1; k <= b.size(); ++k) {
            const bool same = lower(a[i - 1]) == lower(b[k - 1]);
            row[k] = std::min({above[k] + 1, row[k - 1] + 1, above[k - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) &&
                                 lower(a[i - 2]) == lower(b[k - 1]);
            if (swapped) row[k] = std::min(row[k], before[k - 2] + 1);
        }
        before = above;
        above = row;
    }
    return std::min(above[b.size()], most + 1);
}

std::string_view nearest(std::string_view typed, const std::vector<std::string>& names) {
    std::string_view best;
    size_t least = kLongest;
    for (const std::string& name : names) {
        const std::string_view words = as_many_words(typed, name);
        const size_t most = tolerated(std::min(words.size(), name.size()));
        const size_t distance = edit_distance(words, name, most);
        if (distance > most || distance >= least) continue;
        least = distance;
        best = name;
    }
    return best;
}

}  // namespace microhost::bot
