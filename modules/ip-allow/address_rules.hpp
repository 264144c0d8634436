// SPDX-License-Identifier: Apache-2.0
/// Which addresses get in: rules in order, of which the first that fits decides. Fast with a hundred thousand of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../shared/ip_address.hpp"

namespace microhost::ip_allow {

class AddressRules {
  public:
    /// "allow 10.0.0.0/8", "deny 192.0.2.7", "2001:db8::/32" (allows), "unix" (clients of a Unix socket). False for other text.
    bool add(std::string_view rule);
    /// A rule a line; "#" begins a comment. False with a sentence in `why` for a line that is none: nothing is known then.
    bool add_lines(std::string_view text, std::string& why);

    /// Nothing when no rule fits. `client` is an address as text, or "unix".
    std::optional<bool> allows(std::string_view client) const;
    size_t size() const { return size_; }

  private:
    struct Hash {
        size_t operator()(const shared::IpAddress& a) const;
    };
    struct Rule {
        size_t order;
        bool allow;
    };
    struct Length {
        unsigned bits;
        std::unordered_map<shared::IpAddress, Rule, Hash> rules;
    };
    Length& of_length(unsigned bits);

    std::vector<Length> lengths_;
    std::optional<bool> unix_;
    size_t size_ = 0;
};

}  // namespace microhost::ip_allow
