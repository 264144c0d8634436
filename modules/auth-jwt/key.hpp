// SPDX-License-Identifier: Apache-2.0
/// Keys and the signatures that they verify (RFC 7515, 7517, 7518). The only door of this module to the cryptography library.
#pragma once

#include <microhost/json.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace microhost::auth_jwt {

enum class KeyKind : uint8_t { secret, rsa, p256, p384 };

struct Algorithm {
    std::string_view name;  ///< "RS256"
    KeyKind kind;           ///< of the keys that it goes with: never another, whatever a token says
    const char* hash;
    uint16_t hash_bytes;
    bool pss;
};
/// Null for everything else: "none" among them.
const Algorithm* find_algorithm(std::string_view name);

/// What is wrong with a key, as a part of a sentence.
struct BadKey : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Key {
  public:
    /// All of them throw BadKey.
    static Key from_secret(std::string_view bytes);
    static Key from_jwk(mh::json_value jwk);
    /// One block, BEGIN and END included: a public key or a certificate.
    static Key from_pem(std::string_view block);

    KeyKind kind() const { return kind_; }
    /// Its kid; empty without one.
    const std::string& id() const { return id_; }
    bool fits(const Algorithm& a) const;
    /// Verifying takes so long that a loop should not do it.
    bool slow() const { return slow_; }
    bool verifies(const Algorithm& a, std::string_view text, std::string_view signature) const;

  private:
    Key() = default;
    void take(evp_pkey_st* key);
    bool verifies_public(const Algorithm& a, std::string_view text,
                         std::string_view signature) const;

    KeyKind kind_ = KeyKind::secret;
    bool slow_ = false;
    std::string id_, algorithm_, secret_;
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace microhost::auth_jwt
