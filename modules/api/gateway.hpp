// SPDX-License-Identifier: Apache-2.0
/// The module itself: host interfaces, settings and what it contributes. One per generation.
#pragma once

#include <microhost/draft/event.h>
#include <microhost/draft/http_forward.h>
#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/draft/http_websocket.h>
#include <microhost/draft/registry.h>
#include <microhost/draft/rpc.h>
#include <microhost/log.h>

#include <span>
#include <string_view>

#include "../shared/stats.hpp"
#include "settings.hpp"

namespace microhost::api {

inline constexpr std::string_view kVersion = "0.1.0";
/// What Micro's gateway is called among services: they read it in Micro-From-Service.
inline constexpr std::string_view kServerName = "go.micro.api";

struct Gateway {
    const mh_host* host = nullptr;
    const mh_http_request* http = nullptr;
    const mh_http_forward* forward = nullptr;
    const mh_rpc* rpc = nullptr;
    const mh_registry* registry = nullptr;
    const mh_json* json = nullptr;
    const mh_log* log = nullptr;
    const mh_event_bus* events = nullptr;
    const mh_http_websocket* websocket = nullptr;

    Settings settings;
    shared::StatsBoard stats;
    mh_module module{};
    mh_http_handler handler{};
    mh_http_listener listener{};

    std::string_view attr(mh_req* r, uint32_t which) const {
        mh_str out{};
        return http->attr(r, which, &out) == MH_OK ? std::string_view(out.ptr, out.len)
                                                   : std::string_view();
    }
    std::string_view header(mh_req* r, uint32_t id) const {
        mh_str out{};
        return http->header(r, MH_DIR_REQUEST, id, &out) == MH_OK
                   ? std::string_view(out.ptr, out.len)
                   : std::string_view();
    }
    bool trusted(mh_req* r) const { return (http->flags(r) & MH_REQ_TRUSTED_PEER) != 0; }
    void write_log(mh_req* r, int32_t level, std::string_view text,
                   std::span<const mh_kv> fields) const;
};

/// mh_module_entry.create.
mh_status create(const mh_host* host, const mh_module** out) noexcept;

}  // namespace microhost::api
