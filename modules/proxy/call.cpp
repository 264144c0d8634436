// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include "../shared/media_type.hpp"
#include "../shared/paths.hpp"
#include "../shared/service_call.hpp"
#include "../shared/text.hpp"
#include "../shared/timeout_header.hpp"
#include "answer.hpp"

namespace microhost::proxy {
namespace {

void on_body(mh_req* q, void* user, mh_status s, mh_seg body) {
    auto& x = *static_cast<shared::ServiceCall*>(user);
    mh::guarded("on_body", [&] {
        if (shared::answer_bad_body(mh::request(q), s, x.error_id)) return MH_OK;
        std::string_view text = shared::view(body);
        if (!x.binary && text.empty()) text = "{}";
        x.start({}, x.binary ? "application/protobuf" : kJsonType, text);
        return MH_OK;
    });
}

}  // namespace

mh_status call_by_path(Shard& shard, mh::request r, std::string_view path, const Head& head) {
    const Settings& settings = shard.proxy.settings;
    if (r.method() != "POST") return refuse_method(r, "POST");
    const shared::MediaType* media = shared::media_type(head.content_type);
    const bool binary = media->media == shared::Media::protobuf;
    const bool json = media->media == shared::Media::json || media->media == shared::Media::form;
    if ((!binary && !json) || head.encoded) {
        answer_error(r, 415, kServerName, "unsupported content-type: use JSON or protobuf");
        return MH_OK;
    }
    const shared::RpcName name = shared::api_route(path);
    if (name.service.empty()) {
        answer_error(r, 404, kServerName, "the path names no service: POST to /SERVICE/METHOD");
        return MH_OK;
    }
    auto* x = shared::ServiceCall::make(r, shared::join_namespace(settings.ns, name.service),
                                        name.endpoint);
    if (!x) return MH_E_NOMEM;
    x->error_id = kServerName;
    x->binary = binary;
    x->hide_authorization = settings.rpc.hide_authorization;
    if (binary) x->answer_type = media->answer;
    x->timeout_ms = shared::effective_timeout_ms(settings.rpc.timeout_ms, head.timeout);
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), settings.rpc.max_body, on_body, x);
    on_body(r.raw(), x, MH_OK, {});
    return MH_OK;
}

}  // namespace microhost::proxy
