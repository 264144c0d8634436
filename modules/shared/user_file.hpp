// SPDX-License-Identifier: Apache-2.0
/// A htpasswd file that is watched. One that has become unreadable or damaged locks nobody out: what was read last counts.
#pragma once

#include <microhost/published.hpp>
#include <microhost/watch.hpp>

#include <optional>
#include <string>

#include "users.hpp"

namespace microhost::shared {

/// [main]
class UserFile {
  public:
    /// No file, no users. Throws mh::failure when there is one that cannot be used.
    explicit UserFile(const std::string& path);

    mh::published<Users> users;

  private:
    void read(mh_status s, std::string_view content);
    void keep_last(std::string_view why);

    std::string path_, unusable_;  ///< why it could not be used last
    std::optional<mh::watched_file> file_;
};

}  // namespace microhost::shared
