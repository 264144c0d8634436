// SPDX-License-Identifier: Apache-2.0
#include "observe/trace.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace microhost::observe {
namespace {

bool lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool valid_id(std::string_view text) {
    return lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

unsigned hex_digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

IdSource::IdSource() {
    do {
        const ssize_t n = ::getrandom(state_.data(), sizeof state_, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n != static_cast<ssize_t>(sizeof state_)) {
            throw std::system_error(errno, std::generic_category(), "request ids: getrandom");
        }
    } while (state_ == decltype(state_){});  // the one state that the generator never leaves
}

IdSource::IdSource(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) {  // splitmix64
        std::uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word = z ^ (z >> 31);
    }
}

/// xoshiro256** (Blackman, Vigna).
std::uint64_t IdSource::next() noexcept {
    auto& s = state_;
    const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const std::uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = std::rotl(s[3], 45);
    return result;
}

// Sixteen hex digits at once: each nibble becomes a byte, and each byte its character.
static void write_hex(std::uint64_t word, char* out) noexcept {
#ifdef __SSE2__
    const __m128i low = _mm_set1_epi8(0x0f),
                  bytes = _mm_cvtsi64_si128(static_cast<long long>(word));
    const __m128i nibbles =
        _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi64(bytes, 4), low), _mm_and_si128(bytes, low));
    const __m128i letters =
        _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    const __m128i digits = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')), letters);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), digits);
#else
    for (int i = 0; i < 16; i++) out[i] = "0123456789abcdef"[word >> (4 * i) & 15];
#endif
}

void IdSource::fill_hex(std::span<char> out) noexcept {
    assert(out.size() % 16 == 0);
    for (std::size_t i = 0; i < out.size(); i += 16) {
        std::uint64_t word;
        do word = next();
        while (word == 0);
        write_hex(word, &out[i]);
    }
}

bool valid_request_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= RequestId::kMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

void RequestId::choose(std::string_view incoming, bool trusted, IdSource& ids) noexcept {
    if (trusted && valid_request_id(incoming)) {
        std::copy(incoming.begin(), incoming.end(), text.begin());
        size = static_cast<std::uint8_t>(incoming.size());
        return;
    }
    size = 32;
    ids.fill_hex(std::span(text).first(size));
}

bool TraceParent::parse(std::string_view value) noexcept {
    if (value.size() < kSize) return false;
    const auto version = value.substr(0, 2), trace = value.substr(3, 32);
    const auto parent = value.substr(36, 16), flags = value.substr(53, 2);
    if (value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
    if (!lower_hex(version) || version == "ff" || !lower_hex(flags)) return false;
    if (value.size() > kSize && (version == "00" || value[kSize] != '-')) return false;
    if (!valid_id(trace) || !valid_id(parent)) return false;
    std::copy(trace.begin(), trace.end(), trace_id.begin());
    std::copy(parent.begin(), parent.end(), parent_id.begin());
    sampled = (hex_digit(flags[1]) & 1) != 0;
    return true;
}

TraceParent TraceParent::make(IdSource& ids, bool sampled) noexcept {
    TraceParent made;
    ids.fill_hex(made.trace_id);
    ids.fill_hex(made.parent_id);
    made.sampled = sampled;
    return made;
}

TraceParent TraceParent::child(IdSource& ids) const noexcept {
    TraceParent next = *this;
    ids.fill_hex(next.parent_id);
    return next;
}

std::string_view TraceParent::format(std::span<char, kSize> out) const noexcept {
    // The other flags are reserved: "vendors MUST set those to zero".
    static constexpr std::string_view kSampled = "-01", kNot = "-00", kStart = "00-";
    auto at = std::copy(kStart.begin(), kStart.end(), out.begin());
    at = std::copy(trace_id.begin(), trace_id.end(), at);
    *at++ = '-';
    at = std::copy(parent_id.begin(), parent_id.end(), at);
    const std::string_view flags = sampled ? kSampled : kNot;
    std::copy(flags.begin(), flags.end(), at);
    return {out.data(), out.size()};
}

}  // namespace microhost::observe
