// SPDX-License-Identifier: Apache-2.0
#include "module/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "module/siphash.hpp"

namespace microhost::module {

std::string fingerprint(const File& file) {
    constexpr uint64_t kPiece = 1 << 20;
    SipKey first{1, file.size()}, second{2, file.size()};
    std::string piece;
    for (uint64_t at = 0; at < file.size(); at += kPiece) {
        piece.resize(std::min(kPiece, file.size() - at));
        if (!file.bytes().read(at, piece.data(), piece.size())) return {};
        // Each piece is hashed with a key that depends on all before it.
        first[0] = siphash(first, piece);
        second[0] = siphash(second, piece);
    }
    return fmt::format("{:016x}{:016x}", first[0], second[0]);
}

}  // namespace microhost::module
