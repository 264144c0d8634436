// SPDX-License-Identifier: Apache-2.0
/// Logging in and out: "/_/api/login" and "/_/api/logout" for scripts, "/_/login" and "/_/logout" for forms.
#pragma once

#include <microhost/draft/limit.h>
#include <microhost/request.hpp>

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "../shared/access.hpp"

namespace microhost::web {

inline constexpr std::string_view kLoginPath = "/_/login";

struct Shard;

/// How often passwords are tried: over all loops and generations, but a reload forgets who is known. Thread: any loop.
class LoginLimit {
  public:
    /// [main] Throws mh::failure.
    explicit LoginLimit(uint32_t a_minute);
    /// 0: it may be tried; else so many seconds later.
    uint64_t take(std::string_view client_ip, std::string_view user, uint64_t now_ns);
    /// The user has logged in from there: what others try in that name elsewhere does not keep them out any more.
    void knows(std::string_view client_ip, std::string_view user);

  private:
    uint64_t take_one(std::string_view key, uint64_t now_ns) const;

    uint64_t set_ = 0;
    mh_limit_rule rule_;
    std::mutex mutex_;
    std::set<std::string> known_;  ///< networks and users
};

/// Whether the path is one of these.
bool is_login(std::string_view path);

/// Answers it. The token has been looked at; no role is needed.
mh_status answer_login(Shard& shard, mh::request r, const shared::Asker& who,
                       std::string_view path);

}  // namespace microhost::web
