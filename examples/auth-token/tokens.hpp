// SPDX-License-Identifier: Apache-2.0
/// The tokens of one file, found in constant time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <microhost/base.h>

namespace auth_token {

struct Key {
    std::uint64_t a, b;
};

/// SipHash-1-3. The key is secret and random, so nobody can aim at a bucket or learn from how long a lookup takes.
std::uint64_t keyed_hash(Key key, std::string_view s);

/// True when both are equal; the time depends on the length alone.
bool same(std::string_view a, std::string_view b);

struct Entry {
    std::uint64_t hash = 0;
    std::string_view token, subject;
    std::vector<mh_str> roles;
};

/// Read-only once made: shared by all loops.
class Tokens {
  public:
    /// A line is `TOKEN [SUBJECT [ROLE,ROLE]]`; TOKEN may be a whole Authorization value ("Bearer x", "Basic x"). Empty lines
    /// and those that begin with # are ignored. Of two lines with the same token the first counts.
    explicit Tokens(std::string_view content);

    /// What the field's value is looked up by: the token after "Bearer ", or the whole value.
    static std::string_view token_of(std::string_view field);

    const Entry* find(std::string_view token) const;
    std::size_t size() const { return entries_.size(); }

  private:
    void add(std::string_view line);

    std::string text_;  // the entries point into it
    Key key_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> slots_;  // index into entries_ plus one; a power of two, at most half full
};

}  // namespace auth_token
