// SPDX-License-Identifier: Apache-2.0
#include "http/names.hpp"

#include <microhost/http_names.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace microhost::http {
namespace {

constexpr std::string_view kNames[] = {"",
#define MICROHOST_NAME(id, name) name,
                                       MH_HTTP_NAMES(MICROHOST_NAME)
#undef MICROHOST_NAME
};
static_assert(std::size(kNames) == MH_H_COUNT);
static_assert(MH_H_COUNT <= 256, "the slots are bytes");

constexpr size_t longest() {
    size_t n = 0;
    for (const std::string_view name : kNames) n = name.size() > n ? name.size() : n;
    return n;
}
constexpr size_t kLongest = longest();

// Length and four characters tell all names apart. |0x20 folds the case; what else it folds, the comparison undoes.
constexpr uint64_t key(const char* s, size_t n) {
    const auto at = [s](size_t i) { return uint64_t{static_cast<uint8_t>(s[i] | 0x20)}; };
    return n | at(0) << 8 | at(n / 2) << 16 | at(n - 1) << 24 | at(n < 4 ? 0 : n - 4) << 32;
}

constexpr unsigned kSlotBits = 10;
constexpr size_t slot(uint64_t k, uint64_t seed) { return k * seed >> (64 - kSlotBits); }

using Slots = std::array<uint8_t, size_t{1} << kSlotBits>;
struct Table {
    uint64_t seed = 0;
    Slots slots{};
};

constexpr bool place(uint64_t seed, Slots& slots) {
    slots = {};
    for (size_t id = 1; id < MH_H_COUNT; id++) {
        uint8_t& s = slots[slot(key(kNames[id].data(), kNames[id].size()), seed)];
        if (s) return false;
        s = static_cast<uint8_t>(id);
    }
    return true;
}

constexpr Table search() {
    Table table;
    uint64_t x = 0x9e3779b97f4a7c15;
    for (int attempt = 0; attempt < 5000; attempt++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        table.seed = x | 1;
        if (place(table.seed, table.slots)) return table;
    }
    return {};
}
constexpr Table kTable = search();
static_assert(kTable.seed != 0, "no perfect hash found: let key() look at another character");

template <class Word>
Word load(const char* p) {
    Word w;
    std::memcpy(&w, p, sizeof w);
    return w;
}

// `known` holds a-z, 0-9 and "-" only: a byte may differ from it in bit 0x20, and that only where it is a letter.
template <class Word>
Word differs(const char* s, const char* known) {
    const Word k = load<Word>(known), d = load<Word>(s) ^ k;
    constexpr Word kLetter = static_cast<Word>(0x4040404040404040);
    return d & static_cast<Word>(~((k & kLetter) >> 1));
}

bool same_name(const char* s, const char* known, size_t n) {
    if (n >= 8) {
        uint64_t d = differs<uint64_t>(s + n - 8, known + n - 8);
        for (size_t i = 0; i + 8 < n; i += 8) d |= differs<uint64_t>(s + i, known + i);
        return d == 0;
    }
    if (n >= 4)
        return (differs<uint32_t>(s, known) | differs<uint32_t>(s + n - 4, known + n - 4)) == 0;
    for (size_t i = 0; i < n; i++)
        if (differs<uint8_t>(s + i, known + i)) return false;
    return true;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr std::array<bool, 256> kToken = [] {
    std::array<bool, 256> t{};
    for (int c = '0'; c <= '9'; c++) t[c] = true;
    for (int c = 'a'; c <= 'z'; c++) t[c] = t[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) t[static_cast<uint8_t>(c)] = true;
    return t;
}();

constexpr bool is_control(char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f;
}

#ifdef __SSE2__
// Bit i: p[i] is a control other than HTAB.
unsigned controls_of_16(const char* p) {
    const __m128i last = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7f);
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, last), x);
    const __m128i bad =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, tab), low), _mm_cmpeq_epi8(x, del));
    return static_cast<unsigned>(_mm_movemask_epi8(bad));
}
#endif

// Not zero: some byte of the word is a control or HTAB.
uint64_t maybe_controls(uint64_t x) {
    constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
    const uint64_t is_del = x ^ kOnes * 0x7f;
    return ((x - kOnes * 0x20) & ~x & kHigh) | ((is_del - kOnes) & ~is_del & kHigh);
}

}  // namespace

uint32_t header_id(std::string_view name) {
    const size_t n = name.size();
    if (n - 1 >= kLongest) return 0;  // an empty name wraps round
    const uint32_t id = kTable.slots[slot(key(name.data(), n), kTable.seed)];
    const std::string_view known = kNames[id];
    return known.size() == n && same_name(name.data(), known.data(), n) ? id : 0;
}

std::string_view header_name(uint32_t id) {
    return id < MH_H_COUNT ? kNames[id] : std::string_view{};
}

bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); i++)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

bool istarts_with(std::string_view s, std::string_view prefix) {
    return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

bool is_token(std::string_view s) {
    bool good = !s.empty();
    for (const char c : s) good &= kToken[static_cast<uint8_t>(c)];
    return good;
}

// Most values are short and clean: the first and the last bytes, which may overlap, are all of them.
bool valid_value(std::string_view s) {
    const char* p = s.data();
    const size_t n = s.size();
#ifdef __SSE2__
    if (n >= 16) {
        unsigned bad = controls_of_16(p + n - 16);
        for (size_t i = 0; i + 16 < n; i += 16) bad |= controls_of_16(p + i);
        return bad == 0;
    }
#endif
    if (n >= 8 && n <= 16 && !maybe_controls(load<uint64_t>(p)) &&
        !maybe_controls(load<uint64_t>(p + n - 8)))
        return true;
    if (n >= 4 && n < 8 &&
        !maybe_controls(load<uint32_t>(p) | uint64_t{load<uint32_t>(p + n - 4)} << 32))
        return true;
    return find_control(p, p + n) == p + n;
}

const char* find_control(const char* p, const char* end) {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16)
        if (const unsigned bad = controls_of_16(p)) return p + std::countr_zero(bad);
#endif
    for (; end - p >= 8; p += 8)  // what is left of a value is nearly always clean
        if (maybe_controls(load<uint64_t>(p))) break;
    while (p != end && !is_control(*p)) p++;
    return p;
}

bool list_has_token(std::string_view list, std::string_view token) {
    return !for_each_token(list, [token](std::string_view t) { return !iequals(t, token); });
}

}  // namespace microhost::http
