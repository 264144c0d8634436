// SPDX-License-Identifier: Apache-2.0
#include "rpc_page.hpp"

#include <microhost/host.hpp>

#include <string>

#include "method.hpp"
#include "rpc_request.hpp"
#include "rpc_stream.hpp"
#include "service_call.hpp"
#include "text.hpp"
#include "timeout_header.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kRpcId = "go.micro.rpc";

std::string refusal_of(const RpcRequest& w) {
    const mh_registry& registry = mh::use<mh_registry>();
    if (!w.refusal.empty()) return w.refusal;
    if (w.service.empty()) return "invalid service";
    if (w.endpoint.empty()) return "invalid endpoint";
    if (!w.address.empty() && !is_node(registry, registry.now(mh::the_host), w.service, w.address))
        return "invalid address: it is no node of the service";
    return {};
}

/// A request in the query is the first message; without one the client's first frame is.
mh_status join_wanted(const RpcPage& page, mh::request r) {
    const std::string query = std::string(r.query()) + "&request=null";
    RpcRequest w =
        read_rpc_request(mh::use<mh_json>(), "application/x-www-form-urlencoded", {}, query);
    if (w.request == "null") w.request.clear();
    if (const std::string refusal = refusal_of(w); !refusal.empty())
        return r.respond_error(400, kRpcId, refusal), MH_OK;
    Metadata metadata;
    collect_for_call(r, page.hide_authorization, metadata);
    return join_rpc(r, w, {metadata.fields, metadata.count}), MH_OK;
}

void call_wanted(const RpcPage& page, mh::request r, std::string_view body) {
    const RpcRequest w =
        read_rpc_request(mh::use<mh_json>(), r.header(MH_H_CONTENT_TYPE), body, r.query());
    if (const std::string refusal = refusal_of(w); !refusal.empty()) {
        r.respond_error(400, kRpcId, refusal);
        return;
    }
    if (wants_stream(r)) {
        Metadata metadata;
        collect_for_call(r, page.hide_authorization, metadata);
        return stream_rpc(r, w, {metadata.fields, metadata.count});
    }
    ServiceCall* x = ServiceCall::make(r, w.service, w.endpoint);
    if (!x) {
        r.respond_error(413, kRpcId, "service and endpoint are too long");
        return;
    }
    x->error_id = kRpcId;
    x->hide_authorization = page.hide_authorization;
    x->timeout_ms = page_timeout_ms(page.timeout_ms, r.header(MH_H_TIMEOUT));
    x->start(w.address, "application/json", w.request);
}

void on_body(mh_req* q, void* user, mh_status s, mh_seg body) {
    mh::guarded("on_body", [&] {
        const mh::request r(q);
        if (!answer_bad_body(r, s, kRpcId))
            call_wanted(*static_cast<const RpcPage*>(user), r, view(body));
        return MH_OK;
    });
}

}  // namespace

mh_status answer_rpc(mh::request r, const RpcPage& page) {
    if (r.flags() & MH_REQ_UPGRADE) return join_wanted(page, r);
    if (r.method() != "POST") return refuse_method(r, "POST");
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), page.max_body, on_body,
                                                  const_cast<RpcPage*>(&page));
    call_wanted(page, r, {});
    return MH_OK;
}

}  // namespace microhost::shared
