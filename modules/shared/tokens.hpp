// SPDX-License-Identifier: Apache-2.0
/// The tokens of one file: who bears one, and what they may.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "role.hpp"

namespace microhost::shared {

class Tokens {
  public:
    /// Upper bound: all are compared for each request that bears one.
    static constexpr size_t kMost = 1000;

    struct Entry {
        std::string token, subject;
        std::vector<std::string> roles;
        Role role = Role::nobody;
    };

    /// A line is `TOKEN [SUBJECT [ROLE,ROLE]]`: without a subject it is "token", without roles operator. Empty lines and those that
    /// begin with # are ignored, and so is what is over kMost.
    explicit Tokens(std::string_view content);
    Tokens(const Tokens&) = delete;
    ~Tokens();

    /// Null: nobody's. How long it takes tells nothing about the tokens.
    const Entry* find(std::string_view token) const;
    size_t size() const { return entries_.size(); }

  private:
    std::vector<Entry> entries_;
};

/// What comes after "Bearer " in Authorization; empty when it is of another kind.
std::string_view bearer_token(std::string_view authorization);

}  // namespace microhost::shared
