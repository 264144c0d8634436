// SPDX-License-Identifier: Apache-2.0
/// Which origins may read answers from a browser (Fetch standard, section 3.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

class CorsOrigins {
  public:
    /// "*", an origin as browsers send it ("https://app.example.com:8443", "null"), or with "*." in front of a domain: every
    /// subdomain, not the domain itself. False for other text.
    bool add(std::string_view text);

    bool empty() const { return !any_ && exact_.empty() && below_.empty(); }
    bool any() const { return any_; }
    /// Named, exactly or by a wildcard; "*" names nobody.
    bool lists(std::string_view origin) const;

  private:
    struct Below {
        std::string scheme;  ///< with "://"
        std::string suffix;  ///< ".example.com", with a port if there is one
    };
    bool any_ = false;
    std::vector<std::string> exact_;
    std::vector<Below> below_;
};

}  // namespace microhost::shared
