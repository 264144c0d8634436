// SPDX-License-Identifier: Apache-2.0
/// Makes keys and signs tokens with them: what an issuer does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace microhost::test {

class Signer {
  public:
    explicit Signer(std::string_view algorithm);

    /// `more` goes into the header in front: "\"kid\":\"a\",".
    std::string token(std::string_view claims, std::string_view more = "") const;
    std::string jwk(std::string_view id) const;
    std::string jwks(std::string_view id, std::string_view another = "") const;
    std::string pem() const;  ///< empty for secrets
    std::string private_pem() const;

    static std::string hmac_token(std::string_view algorithm, std::string_view secret,
                                  std::string_view claims, std::string_view more = "");
    static std::string unsigned_token(std::string_view algorithm, std::string_view claims,
                                      std::string_view signature);

  private:
    std::string algorithm_, secret_;
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace microhost::test
