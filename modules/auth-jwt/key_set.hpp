// SPDX-License-Identifier: Apache-2.0
/// The keys of one file or answer. Read-only once made: shared by loops and workers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "key.hpp"

namespace microhost::auth_jwt {

/// Where a text comes from: a JWKS that everybody can fetch holds no secrets, so that those in it are not believed.
enum class Origin : uint8_t { file, network };

class KeySet {
  public:
    /// PEM blocks, or a JWKS. Throws BadKey: no key can be used, or a block of a PEM file cannot.
    static KeySet read(std::string_view text, Origin origin);
    /// The whole text but a line end at its end is a secret.
    static KeySet of_secret(std::string_view text);

    /// Those that a token with this kid (or without one: empty) may have been signed with; few.
    std::vector<const Key*> find(const Algorithm& a, std::string_view id) const;
    size_t size() const { return keys_.size(); }
    /// "key 2: its kind is not supported", for each member of a JWKS that was passed over.
    const std::vector<std::string>& skipped() const { return skipped_; }

  private:
    void read_pem(std::string_view text);
    void read_jwks(std::string_view text, Origin origin);

    std::vector<Key> keys_;
    std::vector<std::string> skipped_;
};

}  // namespace microhost::auth_jwt
