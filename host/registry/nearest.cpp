// SPDX-License-Identifier: Apache-2.0
#include "registry/nearest.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace microhost::registry {
namespace {

constexpr size_t kMostEdits = 3;
constexpr size_t kLongestWanted = 256;  // longer ones are attacks or accidents: no suggestion

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// One bit per character class that occurs. An edit changes at most two bits, so a pair of names
/// with more different bits than twice the limit needs no closer look: that is nearly all of them.
uint64_t letters_of(std::string_view text) {
    uint64_t bits = 0;
    for (char c : text) bits |= uint64_t{1} << (static_cast<unsigned char>(lower(c)) & 63U);
    return bits;
}

std::string_view last_part(std::string_view name) {
    const size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// What two names have in common at either end costs no edit. Most names of a registry begin alike.
void strip_same_ends(std::string_view& a, std::string_view& b) {
    const auto head = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    const auto begin = static_cast<size_t>(head.first - a.begin());
    a.remove_prefix(begin);
    b.remove_prefix(begin);
    const auto tail = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
    const auto end = static_cast<size_t>(tail.first - a.rbegin());
    a.remove_suffix(end);
    b.remove_suffix(end);
}

}  // namespace

NearestName::NearestName(std::string_view wanted) : rank_(kMostEdits + 2) {
    if (wanted.size() > kLongestWanted) return;
    wanted_.resize(wanted.size());
    std::transform(wanted.begin(), wanted.end(), wanted_.begin(), lower);
    letters_ = letters_of(wanted_);
    limit_ = std::min(kMostEdits, wanted_.size() / 3);
    rank_ = limit_ + 2;
}

void NearestName::offer(std::string_view candidate) {
    if (wanted_.empty() || candidate.size() > kLongestWanted) return;
    lowered_.resize(candidate.size());
    std::transform(candidate.begin(), candidate.end(), lowered_.begin(), lower);
    if (rank_ == 0) return;
    const size_t limit = std::min(limit_, rank_ - 1);  // only a better one matters
    size_t rank = limit_ + 2;
    const auto different = static_cast<size_t>(std::popcount(letters_ ^ letters_of(lowered_)));
    if (different <= 2 * limit) rank = distance(lowered_, limit);
    if (rank > limit) {
        rank = last_part(lowered_) == last_part(wanted_) ? limit_ + 1 : limit_ + 2;
    }
    if (rank < rank_) {
        rank_ = rank;
        best_ = candidate;
    }
}

/// Levenshtein's distance within a band of `limit` around the diagonal; more is limit + 1.
size_t NearestName::distance(std::string_view candidate, size_t limit) const {
    std::string_view wanted = wanted_;
    strip_same_ends(wanted, candidate);
    const size_t n = wanted.size();
    const size_t m = candidate.size();
    if (std::max(n, m) - std::min(n, m) > limit) return limit + 1;
    std::array<size_t, kLongestWanted + 1> row;
    for (size_t j = 0; j <= m; ++j) row[j] = j;
    for (size_t i = 1; i <= n; ++i) {
        const size_t from = i > limit ? i - limit : 1;
        const size_t to = std::min(m, i + limit);
        size_t diagonal = row[from - 1];
        row[from - 1] = from == 1 ? i : limit + 1;
        size_t smallest = row[from - 1];
        for (size_t j = from; j <= to; ++j) {
            const size_t above = j == i + limit ? limit + 1 : row[j];
            const size_t swap = diagonal + (wanted[i - 1] == candidate[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({swap, above + 1, row[j - 1] + 1});
            smallest = std::min(smallest, row[j]);
        }
        if (smallest > limit) return limit + 1;
    }
    return row[m];
}

}  // namespace microhost::registry
