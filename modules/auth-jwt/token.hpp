// SPDX-License-Identifier: Apache-2.0
/// A signed token in its compact form (RFC 7515, 7519): cut and decoded, and nothing of it believed yet.
#pragma once

#include <microhost/json.hpp>

#include <string>
#include <string_view>

namespace microhost::auth_jwt {

class Token {
  public:
    /// Null: it is read. Otherwise why not, a text without anything of the token in it.
    const char* read(std::string_view text, size_t longest);

    std::string_view algorithm() const { return algorithm_; }
    std::string_view key_id() const { return key_id_; }
    std::string_view type() const { return type_; }
    /// What is signed.
    std::string_view signed_text() const { return std::string_view(text_).substr(0, signed_); }
    std::string_view signature() const { return signature_; }
    /// The claims; false when they are no JSON object. Only to be asked once the signature is verified.
    bool claims(mh::json_document& out) const;

  private:
    const char* read_header(std::string_view encoded);

    std::string text_, signature_, algorithm_, key_id_, type_;
    size_t header_ = 0, signed_ = 0;  // where the dots are
};

}  // namespace microhost::auth_jwt
