// SPDX-License-Identifier: Apache-2.0
#include "random_uuid.hpp"

#include <random>

namespace microhost::shared {

std::string random_uuid() {
    constexpr char kHex[] = "0123456789abcdef";
    // Not thread_local: what threads have to destroy keeps a module from being unmapped.
    std::random_device random;
    std::string out;
    for (int i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
        const unsigned digit = random() & 15U;
        out += i == 12 ? '4' : kHex[i == 16 ? 8U | (digit & 3U) : digit];
    }
    return out;
}

}  // namespace microhost::shared
