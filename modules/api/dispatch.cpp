// SPDX-License-Identifier: Apache-2.0
#include "dispatch.hpp"

#include "answer.hpp"
#include "api_handler.hpp"
#include "cors.hpp"
#include "event_handler.hpp"
#include "pages.hpp"
#include "proxy_handler.hpp"
#include "rpc_handler.hpp"
#include "shard.hpp"

namespace microhost::api {
namespace {

mh_status to_handler(Shard& shard, mh_req* r, std::string_view method, std::string_view path,
                     std::span<const mh_header> headers) {
    const Gateway& g = shard.gateway;
    if (g.settings.handler == Handler::event) return handle_event(shard, r);
    const Route route = shard.route(r, method, path);
    if (route.service.empty()) return refuse_unknown(g, r, {});
    switch (route.handler) {
        case Handler::meta:
        case Handler::rpc: return handle_rpc(shard, r, route, method, headers);
        case Handler::api: return handle_api(shard, r, route);
        case Handler::http:
        case Handler::web: return handle_proxy(shard, r, route);
        case Handler::event: return handle_event(shard, r);
    }
    return MH_E_INVALID;
}

mh_status dispatch(Shard& shard, mh_req* r, std::span<const mh_header> headers) {
    const Gateway& g = shard.gateway;
    const std::string_view method = g.attr(r, MH_ATTR_METHOD);
    const std::string_view path = g.attr(r, MH_ATTR_PATH);
    if (g.settings.cors()) {
        if (is_preflight(g, r, method)) return answer_preflight(g, r);
        set_cors_headers(g, r);
    }
    if (path.size() <= kLongestPage && is_page(g.settings, path)) {
        return answer_page(shard, r, method, path);
    }
    return to_handler(shard, r, method, path, headers);
}

}  // namespace

mh_status on_request(void* shard, void*, mh_req* r, const mh_header* h, uint32_t n) noexcept {
    try {
        return dispatch(*static_cast<Shard*>(shard), r, {h, n});
    } catch (...) {
        return MH_E_PANIC;
    }
}

void on_done(void* shard, void*, mh_req* r, mh_status) noexcept {
    Shard& s = *static_cast<Shard*>(shard);
    if (s.stats) s.stats->count(s.gateway.http->status(r), s.gateway.http->now_ns(r));
}

}  // namespace microhost::api
