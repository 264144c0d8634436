// SPDX-License-Identifier: Apache-2.0
// The mucp proxy: any call of Micro's wire protocol is joined with one to the service that it names.
#include <string>

#include "../shared/text.hpp"
#include "proxy.hpp"

namespace microhost::proxy {
namespace {

using shared::str;
using shared::view;

constexpr uint32_t kMostMetadata = 72;

void no_message(void*, mh_rpc_call*, const mh_rpc_message*) {}
void no_end(void*, mh_rpc_call*, mh_status, mh_str) {}
constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, no_message, no_end, nullptr};

mh_status fail(mh_rpc_in* in, uint32_t code, std::string_view detail) {
    return mh::use<mh_rpc_server>().fail(in, code, str(kServerName), str(detail));
}

std::string not_found(std::string_view service) {
    const mh_registry& registry = mh::use<mh_registry>();
    const std::string_view near = view(registry.nearest(registry.now(mh::the_host), str(service)));
    std::string out = "route not found: there is no service " + std::string(service);
    if (!near.empty()) out.append("; nearest: ").append(near);
    return out;
}

std::string_view from_service(const mh_rpc_head& head) {
    for (uint32_t i = 0; i < head.n_headers; ++i)
        if (head.headers[i].id == MH_H_MICRO_FROM_SERVICE) return view(head.headers[i].value);
    return {};
}

mh_status join(const Proxy& proxy, mh_rpc_in* in, const mh_rpc_head& head) {
    if (head.service.len == 0) return fail(in, 400, "service name is blank");
    mh_rpc_target to{};
    to.size = sizeof to;
    to.flags = head.flags & MH_RPC_STREAM;
    to.service = head.service;
    to.endpoint = head.endpoint;
    to.content_type = head.content_type;
    to.metadata = head.metadata;
    to.n_metadata = head.n_metadata;
    to.timeout_ms = head.timeout_ms == UINT32_MAX ? 0 : head.timeout_ms;
    to.from_service = str(from_service(head));
    mh_kv rows[kMostMetadata];
    if (!proxy.settings.token_file.empty()) {  // our tokens are nobody else's business
        to.n_metadata = 0;
        for (uint32_t i = 0; i < head.n_metadata && to.n_metadata < kMostMetadata; ++i)
            if (!shared::iequals(view(head.metadata[i].key), "authorization"))
                rows[to.n_metadata++] = head.metadata[i];
        to.metadata = rows;
    }
    mh_rpc_call* out = nullptr;
    const mh_status s = mh::use<mh_rpc>().open(mh::the_host, nullptr, &to, &kSink, nullptr, &out);
    if (s == MH_OK) return mh::use<mh_rpc_incoming>().splice(in, out);
    if (s == MH_E_NOT_FOUND) return fail(in, 404, not_found(view(head.service)));
    if (s == MH_E_UNAVAILABLE)
        return fail(in, 503, "service has no live node: " + std::string(view(head.service)));
    return s;
}

}  // namespace

mh_status on_call(void* shard, void*, mh_rpc_in* in, const mh_rpc_head* head, void**) {
    return mh::guarded("on_call",
                       [&] { return join(static_cast<Shard*>(shard)->proxy, in, *head); });
}

void on_call_end(void*, mh_rpc_in*, mh_status) {}

}  // namespace microhost::proxy
