// SPDX-License-Identifier: Apache-2.0
/// Who there is, as the files say now: read again when they change.
#pragma once

#include <microhost/published.hpp>
#include <microhost/watch.hpp>

#include <optional>
#include <string>

#include "../shared/users.hpp"
#include "settings.hpp"

namespace microhost::auth_basic {

using shared::Users;

/// What all loops of an instance share. [main]
class Directory {
  public:
    /// Throws mh::failure when the files cannot be used.
    explicit Directory(const Settings& settings);

    const Settings settings;
    mh::published<Users> users;

  private:
    struct File {
        std::string path, pointer, text;
        mh_status status = MH_OK;
        std::string check() const { return "users:" + path; }
    };
    void on_file(File& f, mh_status s, std::string_view content);
    void take(File& f, std::string_view content);
    void build(std::string_view htpasswd, std::string_view groups);
    void keep_last(const File& f, std::string_view why);

    File htpasswd_, groups_;
    std::string option_roles_;
    bool started_ = false;
    std::optional<mh::watched_file> watch_groups_, watch_htpasswd_;
};

}  // namespace microhost::auth_basic
