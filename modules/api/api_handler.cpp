// SPDX-License-Identifier: Apache-2.0
#include "api_handler.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "answer.hpp"
#include "call.hpp"

namespace microhost::api {
namespace {

using shared::str;
using shared::view;

constexpr std::string_view kProtobufType = "application/protobuf";

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view s) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !s.empty() && std::all_of(s.begin(), s.end(), [&](char c) {
        return shared::is_alnum(c) || kMarks.find(c) != kMarks.npos;
    });
}

bool is_value(std::string_view s) {
    return std::none_of(s.begin(), s.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

/// The service's headers as they are; those that HTTP cannot carry are left out, so that no service can split a response.
std::vector<mh_kv> response_fields(const shared::ApiResponse& m) {
    std::vector<mh_kv> fields;
    bool typed = false;
    for (const shared::ApiPair& pair : m.header) {
        if (!is_token(pair.key)) continue;
        typed = typed || shared::iequals(pair.key, "content-type");
        for (const std::string& value : pair.values) {
            if (is_value(value)) fields.push_back({str(pair.key), str(value)});
        }
    }
    if (!typed) fields.push_back({str("Content-Type"), str(kJsonType)});
    return fields;
}

void answer_with(Exchange& x, const mh_rpc_message& m) {
    const Gateway& g = x.gateway();
    const std::string_view body = view(m.body);
    const std::string_view type = view(m.content_type);
    const bool json =
        type.starts_with("application/json") || (x.json && !type.starts_with(kProtobufType));
    const auto response =
        json ? shared::response_from_json(*g.json, body) : shared::response_from_protobuf(body);
    const int32_t status =
        response ? (response->status_code == 0 ? 200 : response->status_code) : 0;
    mark_answered(x);
    g.http->route_set(x.request, str(x.service));
    if (status < 200 || status > 599) {
        const mh_kv fields[] = {{str("service"), str(x.service)},
                                {str("endpoint"), str(x.endpoint)}};
        g.write_log(x.request, MH_LOG_WARN, "the answer is no api.Response", fields);
        refuse(g, x.request, 502, x.error_id, "the answer of the service is no api.Response");
        return;
    }
    const auto fields = response_fields(*response);
    const mh_seg piece = shared::seg(response->body);
    mh_req* const r = x.request;  // after an answer the exchange may be gone
    const mh_status s = g.http->respond(r, static_cast<uint32_t>(status), fields.data(),
                                        static_cast<uint32_t>(fields.size()), &piece,
                                        response->body.empty() ? 0 : 1);
    if (s == MH_E_LIMIT) refuse(g, r, 502, g.settings.error_id, "the answer has too many headers");
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    if (x.answered) return;
    try {
        answer_with(x, *m);
    } catch (...) {
        x.gateway().http->respond(x.request, 500, nullptr, 0, nullptr, 0);
    }
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, &on_message, &on_call_end, nullptr};

void call_with(Exchange& x, std::string_view body) {
    const shared::ApiRequest m = api_request(x.gateway(), x.request, body);
    if (x.json) {
        start_call(x, kSink, {}, kJsonType, shared::to_json(m));
    } else {
        start_call(x, kSink, {}, kProtobufType, shared::to_protobuf(m));
    }
}

void on_body(mh_req* r, void* user, mh_status s, mh_seg body) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    try {
        if (!answer_bad_body(x.gateway(), r, s, x.error_id)) call_with(x, view(body));
    } catch (...) {
        x.gateway().http->respond(r, 500, nullptr, 0, nullptr, 0);
    }
}

}  // namespace

mh_status handle_api(Shard& shard, mh_req* r, const Route& route) {
    const Gateway& g = shard.gateway;
    if (is_internal_endpoint(route.endpoint)) {
        return refuse(g, r, 403, g.settings.error_id,
                      "Debug endpoints cannot be called from outside");
    }
    Exchange* const x = make_exchange(shard, r, route.service, route.endpoint);
    if (!x) return MH_E_NOMEM;
    x->json = route.json;
    x->timeout_ms = effective_timeout_ms(x->timeout_ms, g.header(r, MH_H_TIMEOUT));
    if ((g.http->flags(r) & MH_REQ_HAS_BODY) != 0) {
        return g.http->collect(r, g.settings.max_body, &on_body, x);
    }
    call_with(*x, {});
    return MH_OK;
}

}  // namespace microhost::api
