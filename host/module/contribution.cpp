// SPDX-License-Identifier: Apache-2.0
#include "module/contribution.hpp"

#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/draft/rpc_listener.h>
#include <microhost/http_filter.h>

namespace microhost::module {
namespace {

constexpr uint32_t kAllInterests = MH_I_REQUEST | MH_I_REQUEST_BODY | MH_I_REQUEST_BODY_FULL |
                                   MH_I_RESPONSE | MH_I_RESPONSE_BODY | MH_I_RESPONSE_BODY_FULL |
                                   MH_I_DONE;

std::string name_or_empty(const char* name) { return name ? name : ""; }

Result<std::string> handler_name(const void* descriptor) {
    const auto* d = static_cast<const mh_http_handler*>(descriptor);
    if (!MH_FIELD_OK(d, on_request)) return error("a handler without on_request");
    return {boost::system::in_place_value, name_or_empty(d->name)};
}

Result<std::string> filter_name(const void* descriptor) {
    const auto* d = static_cast<const mh_http_filter*>(descriptor);
    if (d->size < offsetof(mh_http_filter, on_request)) return error("a filter that is too short");
    if (d->interests & ~kAllInterests)
        return error("a filter with unknown interests {:#x}", d->interests & ~kAllInterests);
    const bool request_hook = MH_FIELD_OK(d, on_request);
    if ((d->interests & MH_I_REQUEST) && !request_hook)
        return error("a filter with MH_I_REQUEST and no on_request");
    if ((d->interests & (MH_I_REQUEST_BODY | MH_I_REQUEST_BODY_FULL)) &&
        !MH_FIELD_OK(d, on_request_body))
        return error("a filter with MH_I_REQUEST_BODY and no on_request_body");
    if ((d->interests & MH_I_RESPONSE) && !MH_FIELD_OK(d, on_response))
        return error("a filter with MH_I_RESPONSE and no on_response");
    if ((d->interests & (MH_I_RESPONSE_BODY | MH_I_RESPONSE_BODY_FULL)) &&
        !MH_FIELD_OK(d, on_response_body))
        return error("a filter with MH_I_RESPONSE_BODY and no on_response_body");
    if ((d->interests & MH_I_DONE) && !MH_FIELD_OK(d, on_done))
        return error("a filter with MH_I_DONE and no on_done");
    return {boost::system::in_place_value, name_or_empty(d->name)};
}

Result<std::string> listener_name(const void* descriptor) {
    const auto* d = static_cast<const mh_http_listener*>(descriptor);
    if (d->size < offsetof(mh_http_listener, tls_cert))
        return error("a listener that is too short");
    if (d->address.len && !d->address.ptr) return error("a listener without an address");
    return {boost::system::in_place_value, name_or_empty(d->name)};
}

Result<std::string> router_name(const void* descriptor) {
    const auto* d = static_cast<const mh_rpc_router*>(descriptor);
    if (d->size < sizeof *d || !d->on_call || !d->on_end)
        return error("a router without on_call and on_end");
    return {boost::system::in_place_value, name_or_empty(d->name)};
}

Result<std::string> rpc_listener_name(const void* descriptor) {
    const auto* d = static_cast<const mh_rpc_listener*>(descriptor);
    if (d->size < sizeof *d) return error("an rpc listener that is too short");
    if (d->address.len && !d->address.ptr) return error("a listener without an address");
    if (d->protocol && d->protocol != std::string_view("mucp"))
        return error("rpc listener: protocol \"{}\" is not spoken here, mucp is", d->protocol);
    return {boost::system::in_place_value, name_or_empty(d->name)};
}

Result<std::string> service_name(const void* descriptor) {
    const auto* d = static_cast<const mh_rpc_service*>(descriptor);
    if (d->size < sizeof *d || !d->name || !*d->name) return error("a service without a name");
    constexpr size_t kUnary = offsetof(mh_rpc_endpoint, on_stream),
                     kStream = sizeof(mh_rpc_endpoint);
    if (d->n_endpoints && (!d->endpoints || d->stride < kUnary))
        return error("service {}: endpoints are missing or too short", d->name);
    for (uint32_t i = 0; i < d->n_endpoints; i++) {
        const auto* e = reinterpret_cast<const mh_rpc_endpoint*>(
            reinterpret_cast<const char*>(d->endpoints) + size_t{i} * d->stride);
        const bool stream = d->stride >= kStream && e->on_stream;
        if (!e->name || (!e->on_call && !stream))
            return error("service {}: endpoint {} has no name or no on_call", d->name, i);
        if (stream && !e->on_message)
            return error("service {}: stream {} has no on_message", d->name, e->name);
    }
    return {boost::system::in_place_value, d->name};
}

}  // namespace

Points::Points() {
    points_ = {{MH_HTTP_HANDLER, handler_name},
               {MH_HTTP_FILTER, filter_name},
               {MH_HTTP_LISTENER, listener_name, true},
               {MH_RPC_SERVICE, service_name},
               {MH_RPC_ROUTER, router_name},
               {MH_RPC_LISTENER, rpc_listener_name, true}};
}

void Points::add(const Point& point) { points_.push_back(point); }

void Points::wrap(std::string_view id, decltype(Point::wrap) around) {
    for (Point& p : points_)
        if (p.id == id) p.wrap = around;
}

const Point* Points::find(std::string_view id) const {
    for (const Point& p : points_)
        if (p.id == id) return &p;
    return nullptr;
}

}  // namespace microhost::module
