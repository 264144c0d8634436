// SPDX-License-Identifier: Apache-2.0
/// Hashes of passwords: which ones are accepted, and whether a password fits one.
#pragma once

#include <string>
#include <string_view>

namespace microhost::shared {

/// The longest password that is tried: the cost of SHA-crypt grows with it.
inline constexpr size_t kLongestPassword = 256;

/// What a hash of a file is.
struct HashKind {
    std::string_view
        name;  ///< "bcrypt", "SHA-512 crypt", "MD5 of Apache ($apr1$)", ... for log lines
    bool usable = false;
    std::string_view why;        ///< not usable: the reason, as a part of a sentence
    std::string_view setting{};  ///< usable: algorithm and cost, without salt
    size_t length = 0;           ///< of salt and hash after it
};
HashKind kind_of(std::string_view hash);

/// A hash that no password fits, which costs as much to find out as `like`, which is usable.
std::string dummy_like(std::string_view like);

/// Takes as long as the hash says: for workers. False also when the system cannot compute it.
bool fits(const std::string& password, const std::string& hash);

}  // namespace microhost::shared
