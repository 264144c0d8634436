// SPDX-License-Identifier: Apache-2.0
/// A file of tokens that is watched. One that has become unreadable locks nobody out: what was read last counts.
#pragma once

#include <microhost/published.hpp>
#include <microhost/watch.hpp>

#include <optional>
#include <string>

#include "tokens.hpp"

namespace microhost::shared {

/// [main]
class TokenFile {
  public:
    /// No file, no tokens. Throws mh::failure when there is one that cannot be read.
    explicit TokenFile(const std::string& path);

    mh::published<Tokens> tokens;

  private:
    void read(mh_status s, std::string_view content);

    std::string path_, unreadable_;  ///< why it could not be read last
    std::optional<mh::watched_file> file_;
};

}  // namespace microhost::shared
