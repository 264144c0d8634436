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
#include "../shared/token_file.hpp"
#include "feed.hpp"
#include "settings.hpp"
#include "streams.hpp"

namespace microhost::web {

inline constexpr std::string_view kServerName = "go.micro.web";

class Web {
  public:
    /// Throws mh::failure.
    explicit Web(Settings s) : settings(std::move(s)), token_file(settings.token_file) {}
    Web(const Web&) = delete;

    mh_status contribute();
    /// Streams would hold the next generation up for ever.
    void drain();

    const Settings settings;
    shared::TokenFile token_file;
    Feed feed;                             ///< [main]
    std::atomic<uint64_t> next_stream{1};  ///< [any]

  private:
    mh_http_handler handler_{};
    mh_http_listener listener_{};
};

/// One for each loop.
struct Shard {
    Web& web;
    shared::Access access;
    Streams streams;

    Shard(Web& w, uint32_t loop)
        : web(w), access(w.settings.access, w.token_file.tokens), streams(w, loop) {}
};

// mh_http_handler; dispatch.cpp.
mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n);
void on_done(void* shard, void* user, mh_req* r, mh_status outcome);

}  // namespace microhost::web
