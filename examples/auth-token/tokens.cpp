// SPDX-License-Identifier: Apache-2.0
#include "tokens.hpp"

#include <sys/random.h>

#include <bit>
#include <cstring>
#include <stdexcept>

namespace auth_token {
namespace {

struct Sip {
    std::uint64_t v0, v1, v2, v3;
    explicit Sip(Key k)
        : v0(k.a ^ 0x736f6d6570736575u),
          v1(k.b ^ 0x646f72616e646f6du),
          v2(k.a ^ 0x6c7967656e657261u),
          v3(k.b ^ 0x7465646279746573u) {}
    void round() {
        v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
        v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
        v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
    }
    void word(std::uint64_t m) { v3 ^= m, round(), v0 ^= m; }
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view s) {
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
    return s;
}

/// Cuts the first word off.
std::string_view word(std::string_view& s) {
    s = trim(s);
    std::size_t n = 0;
    while (n < s.size() && !is_space(s[n])) ++n;
    const std::string_view out = s.substr(0, n);
    s.remove_prefix(n);
    return out;
}

bool has_scheme(std::string_view s, std::string_view lower) {
    if (s.size() <= lower.size() || s[lower.size()] != ' ') return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
        if ((s[i] | 0x20) != lower[i]) return false;
    }
    return true;
}

}  // namespace

std::uint64_t keyed_hash(Key key, std::string_view s) {
    Sip sip(key);
    std::uint64_t m;
    std::size_t i = 0;
    for (; i + 8 <= s.size(); i += 8) {
        std::memcpy(&m, s.data() + i, 8);
        sip.word(m);
    }
    m = static_cast<std::uint64_t>(s.size()) << 56;
    for (std::size_t k = 0; i + k < s.size(); ++k) {
        m |= static_cast<std::uint64_t>(static_cast<unsigned char>(s[i + k])) << (8 * k);
    }
    sip.word(m);
    sip.v2 ^= 0xff;
    sip.round(), sip.round(), sip.round();
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    std::uint64_t difference = 0, x, y;
    std::size_t i = 0;
    for (; i + 8 <= a.size(); i += 8) {
        std::memcpy(&x, a.data() + i, 8);
        std::memcpy(&y, b.data() + i, 8);
        difference |= x ^ y;
    }
    for (; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
}

Tokens::Tokens(std::string_view content) : text_(content) {
    if (getrandom(&key_, sizeof key_, 0) != sizeof key_) throw std::runtime_error("no random bytes");
    const std::string_view text = text_;
    std::size_t lines = 1;
    for (char c : text) lines += c == '\n';
    entries_.reserve(lines);
    slots_.assign(std::bit_ceil(lines * 2 + 2), 0);
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        add(trim(text.substr(from, end - from)));
        from = end + 1;
    }
}

void Tokens::add(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    Entry e;
    if (has_scheme(line, "bearer")) line.remove_prefix(7);
    if (has_scheme(line, "basic")) {
        const char* begin = line.data();
        word(line);
        const std::string_view credentials = word(line);
        e.token = {begin, static_cast<std::size_t>(credentials.data() + credentials.size() - begin)};
    } else {
        e.token = word(line);
    }
    if (find(e.token)) return;
    e.subject = word(line);
    for (std::string_view roles = word(line); !roles.empty();) {
        const std::size_t n = std::min(roles.find(','), roles.size());
        if (n > 0) e.roles.push_back({roles.data(), n});
        roles.remove_prefix(std::min(n + 1, roles.size()));
    }
    e.hash = keyed_hash(key_, e.token);
    std::size_t at = e.hash & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    entries_.push_back(std::move(e));
    slots_[at] = static_cast<std::uint32_t>(entries_.size());
}

std::string_view Tokens::token_of(std::string_view field) {
    if (has_scheme(field, "bearer")) field.remove_prefix(7);
    return trim(field);
}

const Entry* Tokens::find(std::string_view token) const {
    const std::uint64_t hash = keyed_hash(key_, token);
    for (std::size_t at = hash & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
        const Entry& e = entries_[slots_[at] - 1];
        if (e.hash == hash && same(e.token, token)) return &e;
    }
    return nullptr;
}

}  // namespace auth_token
