// SPDX-License-Identifier: Apache-2.0
/// The module itself: settings and what it contributes. One per generation.
#pragma once

#include <microhost/draft/http_forward.h>
#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/draft/modules.h>
#include <microhost/draft/registry.h>
#include <microhost/request.hpp>

#include <atomic>

#include "../shared/access.hpp"
#include "../shared/stats.hpp"
#include "../shared/token_file.hpp"
#include "../shared/user_file.hpp"
#include "apps_origin.hpp"
#include "feed.hpp"
#include "guard.hpp"
#include "login.hpp"
#include "settings.hpp"
#include "streams.hpp"

namespace microhost::web {

inline constexpr std::string_view kServerName = "go.micro.web";

class Web {
  public:
    /// Throws mh::failure.
    explicit Web(Settings s)
        : settings(std::move(s)),
          token_file(settings.token_file),
          user_file(settings.users_file),
          sessions(settings.sessions),
          page_secret(Sessions::process_secret()),
          attempts(settings.login_attempts),
          apps_origin(settings) {}
    Web(const Web&) = delete;

    mh_status contribute();
    /// Streams would hold the next generation up for ever.
    void drain();

    const Settings settings;
    shared::TokenFile token_file;
    const std::string instance = instance_json();
    Feed feed;                             ///< [main]
    std::atomic<uint64_t> next_stream{1};  ///< [any]
    shared::UserFile user_file;
    const Sessions sessions;
    const std::string page_secret;
    LoginLimit attempts;
    AppsOrigin apps_origin;
    shared::StatsBoard stats;

  private:
    mh_http_handler handler_{};
    mh_http_listener listener_{}, apps_listener_{};
};

/// One for each loop.
struct Shard {
    Web& web;
    shared::Access access;
    Guard guard;
    Streams streams;
    shared::Complaint throttled;

    shared::LoopStats* stats;  ///< the board's; only with enable_stats

    Shard(Web& w, uint32_t loop)
        : web(w),
          access(w.settings.access, w.token_file.tokens),
          guard(w.settings, w.sessions, w.user_file.users, w.page_secret),
          streams(w, guard, loop),
          stats(w.settings.enable_stats ? w.stats.of_loop(loop) : nullptr) {}
};

// mh_http_handler; dispatch.cpp.
mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n);
void on_done(void* shard, void* user, mh_req* r, mh_status outcome);

}  // namespace microhost::web
