// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <cstring>
#include <new>
#include <string>

#include "../shared/call_failure.hpp"
#include "../shared/error_json.hpp"
#include "../shared/metadata.hpp"
#include "../shared/text.hpp"
#include "answer.hpp"

namespace microhost::api {

using shared::str;
using shared::view;

namespace {

void answer_transport_failure(Exchange& x, mh_status s, std::string_view error) {
    const Gateway& g = x.gateway();
    const shared::ServiceError cause = shared::parse_error(g.json, error);
    const shared::CallFailure failure = shared::call_failure(s);
    const mh_kv fields[] = {{str("service"), str(x.service)},
                            {str("endpoint"), str(x.endpoint)},
                            {str("reason"), str(cause.detail)}};
    g.write_log(x.request, MH_LOG_WARN, failure.detail, fields);
    // Addresses and system errors are for those inside.
    const bool tell = g.trusted(x.request) && !cause.detail.empty();
    refuse(g, x.request, failure.status, "go.micro.client",
           tell ? std::string_view(cause.detail) : failure.detail);
}

void answer_service_error(Exchange& x, std::string_view error) {
    const Gateway& g = x.gateway();
    const shared::ServiceError e = shared::parse_error(g.json, error);
    g.http->route_set(x.request, str(x.service));
    if (e.code == 0) {
        refuse(g, x.request, 500, x.error_id, "error during request: " + e.detail);
        return;
    }
    const bool is_status = e.code >= 400 && e.code <= 599;
    respond(g, x.request, is_status ? static_cast<uint32_t>(e.code) : 500, kJsonType,
            shared::error_json(e));
}

std::string_view copy_behind(char*& at, std::string_view s) {
    char* const start = at;
    if (!s.empty()) std::memcpy(at, s.data(), s.size());
    at += s.size();
    return {start, s.size()};
}

}  // namespace

Exchange* make_exchange(Shard& shard, mh_req* r, std::string_view service,
                        std::string_view endpoint) {
    const Gateway& g = shard.gateway;
    const size_t size = sizeof(Exchange) + service.size() + endpoint.size();
    void* const memory = g.http->alloc(r, size, alignof(Exchange));
    if (!memory) return nullptr;
    char* at = static_cast<char*>(memory) + sizeof(Exchange);
    auto* x = new (memory) Exchange{};
    x->shard = &shard;
    x->request = r;
    x->media = shared::media_type({});
    x->service = copy_behind(at, service);
    x->endpoint = copy_behind(at, endpoint);
    x->error_id = g.settings.error_id;
    x->timeout_ms = g.settings.timeout_ms;
    return x;
}

bool is_internal_endpoint(std::string_view endpoint) { return endpoint.starts_with("Debug."); }

void mark_answered(Exchange& x) {
    x.answered = true;
    if (x.ended) *x.ended = true;
}

void start_call(Exchange& x, const mh_rpc_sink& sink, std::string_view address,
                std::string_view content_type, std::string_view body) {
    const Gateway& g = x.gateway();
    const mh_header* headers = nullptr;
    uint32_t n_headers = 0;
    shared::Metadata metadata;
    if (g.http->headers(x.request, MH_DIR_REQUEST, &headers, &n_headers) == MH_OK) {
        shared::collect_metadata(*g.http, x.request, {headers, n_headers}, metadata);
    }
    mh_rpc_target target{};
    target.size = sizeof target;
    target.service = str(x.service);
    target.endpoint = str(x.endpoint);
    target.address = str(address);
    target.content_type = str(content_type);
    target.metadata = metadata.fields;
    target.n_metadata = metadata.count;
    target.timeout_ms = x.timeout_ms;
    target.from_service = str(kServerName);

    bool ended = false;
    x.ended = &ended;
    mh_status s = g.rpc->open(g.host, x.request, &target, &sink, &x, &x.call);
    if (s == MH_OK) {
        mh_rpc_call* const call = x.call;
        s = g.rpc->send(call, shared::seg(body), 1);
        if (s != MH_OK && !ended) g.rpc->cancel(call);
    }
    if (ended) return;  // x may be gone
    x.ended = nullptr;
    if (s != MH_OK) answer_failure(x, s, {});
}

void answer_failure(Exchange& x, mh_status s, std::string_view error) {
    mark_answered(x);
    switch (s) {
        case MH_E_INVALID: answer_service_error(x, error); return;
        case MH_E_NOT_FOUND: refuse_unknown(x.gateway(), x.request, x.service); return;
        default: answer_transport_failure(x, s, error); return;
    }
}

void on_call_end(void* exchange, mh_rpc_call*, mh_status s, mh_str error) noexcept {
    Exchange& x = *static_cast<Exchange*>(exchange);
    if (x.answered) return;
    try {
        // A normal end without a message leaves the client without an answer.
        answer_failure(x, s == MH_OK ? MH_E_IO : s, view(error));
    } catch (...) {
        x.gateway().http->respond(x.request, 500, nullptr, 0, nullptr, 0);
    }
}

bool answer_bad_body(const Gateway& g, mh_req* r, mh_status s, std::string_view error_id) {
    if (s == MH_OK) return false;
    if (s == MH_E_LIMIT) {
        refuse(g, r, 413, error_id, "the request body is longer than max_body allows");
    } else {
        refuse(g, r, 400, error_id, "the request body did not arrive whole");
    }
    return true;
}

bool is_codec_complaint(const mh_rpc_message& m) {
    constexpr std::string_view kPrefix = "Unsupported Content-Type: ";
    return m.content_type.len != 0 && shared::lower(m.content_type.ptr[0]) == 't' &&
           view(m.body).starts_with(kPrefix);
}

}  // namespace microhost::api
