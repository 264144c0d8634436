// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "../shared/rpc_request.hpp"
#include "../shared/text.hpp"
#include "answer.hpp"
#include "call.hpp"
#include "pages.hpp"

namespace microhost::api {
namespace {

using shared::view;

constexpr std::string_view kErrorId = "go.micro.rpc";

std::string refusal_of(const Gateway& g, const shared::RpcRequest& w) {
    if (!w.refusal.empty()) return w.refusal;
    if (w.service.empty()) return "invalid service";
    if (w.endpoint.empty()) return "invalid endpoint";
    if (!w.address.empty() &&
        !shared::is_node(*g.registry, g.registry->now(g.host), w.service, w.address)) {
        return "invalid address: it is no node of the service";
    }
    return {};
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    if (x.answered) return;
    mark_answered(x);
    std::string_view body = view(m->body);
    if (body.ends_with('\n')) body.remove_suffix(1);
    respond(x.gateway(), x.request, 200, kJsonType, body);
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, &on_message, &on_call_end, nullptr};

void call_wanted(Shard& shard, mh_req* r, std::string_view body) {
    const Gateway& g = shard.gateway;
    const shared::RpcRequest w = shared::read_rpc_request(*g.json, g.header(r, MH_H_CONTENT_TYPE),
                                                          body, g.attr(r, MH_ATTR_QUERY));
    if (const std::string refusal = refusal_of(g, w); !refusal.empty()) {
        refuse(g, r, 400, kErrorId, refusal);
        return;
    }
    if (is_internal_endpoint(w.endpoint)) {
        refuse(g, r, 403, kErrorId, "Debug endpoints cannot be called from outside");
        return;
    }
    Exchange* const x = make_exchange(shard, r, w.service, w.endpoint);
    if (!x) {
        refuse(g, r, 413, kErrorId, "service and endpoint are too long");
        return;
    }
    x->error_id = kErrorId;
    x->timeout_ms = shared::page_timeout_ms(g.settings.timeout_ms, g.header(r, MH_H_TIMEOUT));
    start_call(*x, kSink, w.address, kJsonType, w.request);
}

void on_body(mh_req* r, void* user, mh_status s, mh_seg body) noexcept {
    Shard& shard = *static_cast<Shard*>(user);
    try {
        if (!answer_bad_body(shard.gateway, r, s, kErrorId)) call_wanted(shard, r, view(body));
    } catch (...) {
        shard.gateway.http->respond(r, 500, nullptr, 0, nullptr, 0);
    }
}

}  // namespace

mh_status answer_rpc_page(Shard& shard, mh_req* r, std::string_view method) {
    const Gateway& g = shard.gateway;
    if (method != "POST") return refuse_method(g, r, "POST");
    if ((g.http->flags(r) & MH_REQ_HAS_BODY) == 0) {
        call_wanted(shard, r, {});
        return MH_OK;
    }
    return g.http->collect(r, g.settings.max_body, &on_body, &shard);
}

}  // namespace microhost::api
