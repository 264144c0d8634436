// SPDX-License-Identifier: Apache-2.0
#include "module/siphash.hpp"

#include <sys/random.h>

#include <bit>
#include <cstring>
#include <random>

namespace microhost::module {
namespace {

struct State {
    uint64_t a, b, c, d;

    void round() {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void word(uint64_t w) {
        d ^= w;
        round();
        round();
        a ^= w;
    }
};

uint64_t little_endian(const char* p, size_t n) {
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++) w |= uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    return w;
}

}  // namespace

SipKey random_sip_key() {
    SipKey key;
    if (getrandom(key.data(), sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
        std::random_device device;
        for (uint64_t& word : key) word = uint64_t{device()} << 32 | device();
    }
    return key;
}

uint64_t siphash(const SipKey& key, std::string_view bytes) {
    State s{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
            key[1] ^ 0x7465646279746573};
    const char* p = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, p += 8) s.word(little_endian(p, 8));
    s.word(uint64_t{bytes.size() & 0xff} << 56 | little_endian(p, left));
    s.c ^= 0xff;
    for (int i = 0; i < 4; i++) s.round();
    return s.a ^ s.b ^ s.c ^ s.d;
}

}  // namespace microhost::module
