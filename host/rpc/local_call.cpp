// SPDX-License-Identifier: Apache-2.0
#include "rpc/local_call.hpp"

#include "http/error_json.hpp"
#include "http/names.hpp"
#include "rpc/call.hpp"

namespace microhost::rpc {
namespace {

using http::view;

mh_status reply(mh_rpc_in* in, mh_str content_type, mh_seg body) {
    if (!in || !LocalCall::of(in).call) return MH_E_GONE;
    LocalCall::of(in).call->answer(view(content_type), view(body));
    return MH_OK;
}

mh_status fail(mh_rpc_in* in, uint32_t code, mh_str id, mh_str detail) {
    if (!in || !LocalCall::of(in).call) return MH_E_GONE;
    LocalCall& c = LocalCall::of(in);
    char text[2048];
    c.call->answer_error(http::error_json(text, sizeof text, id.len ? view(id) : c.service, code,
                                          view(detail)));
    return MH_OK;
}

mh_status metadata(mh_rpc_in* in, mh_str name, mh_str* out) {
    if (!in || !out) return MH_E_INVALID;
    for (auto& [key, value] : LocalCall::of(in).metadata)
        if (http::iequals(key, view(name))) {
            *out = http::str(value);
            return MH_OK;
        }
    return MH_E_NOT_FOUND;
}

mh_str endpoint(mh_rpc_in* in) { return in ? http::str(LocalCall::of(in).endpoint) : mh_str{}; }

uint32_t time_left_ms(mh_rpc_in* in) {
    if (!in || !LocalCall::of(in).call) return 0;
    return LocalCall::of(in).call->time_left_ms();
}

}  // namespace

const mh_rpc_server kServerTable = {
    sizeof(mh_rpc_server), 0, reply, fail, metadata, endpoint, time_left_ms,
};

}  // namespace microhost::rpc
