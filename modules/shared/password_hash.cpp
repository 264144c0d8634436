// SPDX-License-Identifier: Apache-2.0
#include "password_hash.hpp"

#include <crypt.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "secret.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kDigits =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// Above these a check takes longer than any client waits, and a worker cannot be called back.
constexpr int kMostBcryptCost = 14;
constexpr int kMostRounds = 1'000'000;

constexpr std::string_view kTooCostly =
    "would take too long to check: make it again with a lower cost";
constexpr std::string_view kBroken = "is not complete: make it again";
constexpr std::string_view kUnsupported = "is not supported: use bcrypt (htpasswd -B) or SHA-crypt";

bool digits(std::string_view s, size_t n) {
    return s.size() == n && s.find_first_not_of(kDigits) == s.npos;
}

bool number(std::string_view s, int& out) {
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), out);
    return ec == std::errc{} && end == s.data() + s.size();
}

HashKind bcrypt(std::string_view hash) {
    int cost = 0;
    HashKind k{"bcrypt", false, kBroken};
    if (hash.size() != 60 || hash[6] != '$' || !number(hash.substr(4, 2), cost) || cost < 4 ||
        !digits(hash.substr(7), 53))
        return k;
    if (cost > kMostBcryptCost) return k.why = kTooCostly, k;
    return {k.name, true, {}, hash.substr(0, 7), 53};
}

/// $5$[rounds=N$]SALT$HASH
HashKind sha_crypt(std::string_view hash, std::string_view name, size_t length) {
    HashKind k{name, false, kBroken};
    std::string_view rest = hash.substr(3);
    if (rest.starts_with("rounds=")) {
        int rounds = 0;
        const size_t end = rest.find('$');
        if (end == rest.npos || !number(rest.substr(7, end - 7), rounds)) return k;
        if (rounds > kMostRounds) return k.why = kTooCostly, k;
        rest.remove_prefix(end + 1);
    }
    const size_t salt = rest.find('$');
    if (salt == rest.npos || salt > 16 || !digits(rest.substr(0, salt), salt) ||
        !digits(rest.substr(salt + 1), length))
        return k;
    return {name, true, {}, hash.substr(0, hash.size() - rest.size()), rest.size()};
}

/// $y$PARAMETERS$SALT$HASH, with the parameters that crypt_gensalt makes (cost 1 to 7).
HashKind yescrypt(std::string_view hash) {
    HashKind k{"yescrypt", false, kBroken};
    const std::string_view rest = hash.substr(3);
    if (rest.size() < 4 || rest[0] != 'j' || rest[3] != '$' || (rest[2] != '5' && rest[2] != 'T'))
        return k;
    if (rest[1] < '7' || rest[1] > 'B') return k.why = kTooCostly, k;
    const size_t salt = rest.find('$', 4);
    if (salt == rest.npos || salt - 4 > 86 || !digits(rest.substr(4, salt - 4), salt - 4) ||
        !digits(rest.substr(salt + 1), 43))
        return k;
    return {k.name, true, {}, hash.substr(0, 7), rest.size() - 4};
}

struct Unsupported {
    std::string_view prefix, name;
};
constexpr Unsupported kOthers[] = {{"$apr1$", "MD5 of Apache ($apr1$)"},
                                   {"{SHA}", "SHA-1 ({SHA})"},
                                   {"{SSHA}", "salted SHA-1 ({SSHA})"},
                                   {"$1$", "MD5 crypt ($1$)"},
                                   {"$2x$", "broken bcrypt ($2x$)"},
                                   {"$2$", "old bcrypt ($2$)"},
                                   {"$7$", "scrypt ($7$)"},
                                   {"$gy$", "gost-yescrypt ($gy$)"},
                                   {"$argon2", "Argon2"},
                                   {"$pbkdf2", "PBKDF2"},
                                   {"$md5", "Sun MD5 ($md5)"},
                                   {"$sha1$", "SHA-1 crypt ($sha1$)"},
                                   {"$3$", "NT hash ($3$)"}};

}  // namespace

HashKind kind_of(std::string_view hash) {
    HashKind k;
    if (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$"))
        k = bcrypt(hash);
    else if (hash.starts_with("$5$"))
        k = sha_crypt(hash, "SHA-256 crypt", 43);
    else if (hash.starts_with("$6$"))
        k = sha_crypt(hash, "SHA-512 crypt", 86);
    else if (hash.starts_with("$y$"))
        k = yescrypt(hash);
    if (k.usable) {
        // Which of them it calls old-fashioned (SHA-256 crypt) is another question.
        const int answer = crypt_checksalt(std::string(hash).c_str());
        const bool known = answer == CRYPT_SALT_OK || answer == CRYPT_SALT_METHOD_LEGACY;
        return known ? k : HashKind{k.name, false, "is not known to this system's libcrypt"};
    }
    if (!k.name.empty()) return k;
    for (const Unsupported& u : kOthers) {
        if (hash.starts_with(u.prefix)) return {u.name, false, kUnsupported};
    }
    if (digits(hash, 13)) return {"DES crypt", false, kUnsupported};
    if (hash.starts_with('$')) return {"an unknown hash", false, kUnsupported};
    return {"plain text", false, kUnsupported};
}

std::string dummy_like(std::string_view like) {
    const HashKind k = kind_of(like);
    // Salt and hash are not of this file; that no password fits is the caller's business.
    std::string out(like);
    for (size_t i = k.setting.size(); i < out.size(); ++i) {
        if (out[i] != '$') out[i] = '.';
    }
    return out;
}

bool fits(const std::string& password, const std::string& hash) {
    if (password.size() > kLongestPassword || password.find('\0') != password.npos) return false;
    auto scratch = std::make_unique<crypt_data>();
    // Not crypt_r: sanitizers put themselves before it, and do not find it in a library that is loaded later.
    const char* got =
        crypt_rn(password.c_str(), hash.c_str(), scratch.get(), static_cast<int>(sizeof *scratch));
    const bool same = got && same_secret(got, hash);
    explicit_bzero(scratch.get(), sizeof *scratch);
    return same;
}

}  // namespace microhost::shared
