// SPDX-License-Identifier: Apache-2.0
#include "observe/uuid.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <random>

namespace microhost::observe {

std::string random_uuid() {
    std::array<unsigned char, 16> b{};
    if (::getrandom(b.data(), b.size(), 0) != static_cast<ssize_t>(b.size()))
        for (std::random_device random; unsigned char& c : b)
            c = static_cast<unsigned char>(random());
    b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
    b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
    std::string out;
    for (size_t i = 0; i < b.size(); i++)
        out += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
    return out;
}

}  // namespace microhost::observe
