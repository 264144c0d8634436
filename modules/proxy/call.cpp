// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <cstring>
#include <string>

#include "../shared/media_type.hpp"
#include "../shared/metadata.hpp"
#include "../shared/paths.hpp"
#include "../shared/rpc_request.hpp"
#include "../shared/text.hpp"
#include "../shared/timeout_header.hpp"
#include "answer.hpp"
#include "failure.hpp"
#include "rpc_stream.hpp"

namespace microhost::proxy {
namespace {

using shared::str;
using shared::view;

constexpr std::string_view kRpcId = "go.micro.rpc";

/// One call for a request, in its arena: gone when the request is.
struct Exchange {
    mh_req* request;
    Shard* shard;
    bool* ended;  ///< on the stack while send() runs: the request may be over when it returns
    std::string_view service, endpoint, error_id, answer_type;
    uint32_t timeout_ms;
    bool answered;
    bool binary;  ///< protobuf: the answer is passed on to its last byte
};

Exchange* make_exchange(Shard& shard, mh_req* r, std::string_view service,
                        std::string_view endpoint) {
    const size_t size = sizeof(Exchange) + service.size() + endpoint.size();
    void* memory = mh::use<mh_http_request>().alloc(r, size, alignof(Exchange));
    if (!memory) return nullptr;
    char* at = static_cast<char*>(memory) + sizeof(Exchange);
    std::memcpy(at, service.data(), service.size());
    std::memcpy(at + service.size(), endpoint.data(), endpoint.size());
    auto* x = new (memory) Exchange{};
    x->request = r;
    x->shard = &shard;
    x->service = {at, service.size()};
    x->endpoint = {at + service.size(), endpoint.size()};
    x->error_id = kRpcId;
    x->answer_type = kJsonType;
    x->timeout_ms = shard.proxy.settings.timeout_ms;
    return x;
}

void mark_answered(Exchange& x) {
    x.answered = true;
    if (x.ended) *x.ended = true;
}

void answer_failure(Exchange& x, mh_status s, std::string_view error) {
    mark_answered(x);
    const Failure f = failure_of(s, error, x.service, x.error_id);
    mh::request(x.request).respond(f.status, kJsonType, f.json);
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& x = *static_cast<Exchange*>(user);
    if (x.answered) return;
    mark_answered(x);
    mh::request r(x.request);
    r.set_route(x.service);
    std::string_view body = view(m->body);
    // go-micro's encoder ends every value with a newline that Micro never showed.
    if (!x.binary && body.ends_with('\n')) body.remove_suffix(1);
    r.respond(200, x.answer_type, body);
}

void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& x = *static_cast<Exchange*>(user);
    if (x.answered) return;
    const mh_status done = mh::guarded("on_end", [&] {
        answer_failure(x, s == MH_OK ? MH_E_IO : s, view(error));
        return MH_OK;
    });
    if (done != MH_OK) mh::request(x.request).respond(500, {}, {});
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_message, on_end, nullptr};

/// The request's headers, without those that are for us.
void collect(const Settings& settings, mh_req* q, shared::Metadata& out) {
    const mh::request r(q);
    shared::collect_metadata(mh::use<mh_http_request>(), q, r.headers(), out);
    if (settings.token_file.empty()) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out.count; ++i)
        if (!shared::iequals(view(out.fields[i].key), "authorization"))
            out.fields[kept++] = out.fields[i];
    out.count = kept;
}

void start(Exchange& x, std::string_view address, std::string_view content_type,
           std::string_view body) {
    const mh_rpc& rpc = mh::use<mh_rpc>();
    shared::Metadata metadata;
    collect(x.shard->proxy.settings, x.request, metadata);
    mh_rpc_target t{};
    t.size = sizeof t;
    t.service = str(x.service);
    t.endpoint = str(x.endpoint);
    t.address = str(address);
    t.content_type = str(content_type);
    t.metadata = metadata.fields;
    t.n_metadata = metadata.count;
    t.timeout_ms = x.timeout_ms;
    bool ended = false;
    x.ended = &ended;
    mh_rpc_call* call = nullptr;
    mh_status s = rpc.open(mh::the_host, x.request, &t, &kSink, &x, &call);
    if (s == MH_OK) {
        s = rpc.send(call, shared::seg(body), 1);
        if (s != MH_OK && !ended) rpc.cancel(call);
    }
    if (ended) return;  // x may be gone
    x.ended = nullptr;
    if (s != MH_OK) answer_failure(x, s, {});
}

/// Answers for a request body that did not arrive. False: it did.
bool answer_bad_body(mh_req* r, mh_status s, std::string_view id) {
    if (s == MH_OK) return false;
    if (s == MH_E_LIMIT)
        answer_error(mh::request(r), 413, id, "the request body is longer than max_body allows");
    else
        answer_error(mh::request(r), 400, id, "the request body did not arrive whole");
    return true;
}

// ---- /rpc

std::string refusal_of(const shared::RpcRequest& w) {
    const mh_registry& registry = mh::use<mh_registry>();
    if (!w.refusal.empty()) return w.refusal;
    if (w.service.empty()) return "invalid service";
    if (w.endpoint.empty()) return "invalid endpoint";
    if (!w.address.empty() &&
        !shared::is_node(registry, registry.now(mh::the_host), w.service, w.address))
        return "invalid address: it is no node of the service";
    return {};
}

/// A request in the query is the first message; without one the client's first frame is.
mh_status join_wanted(Shard& shard, mh::request r) {
    const std::string query = std::string(r.query()) + "&request=null";
    shared::RpcRequest w = shared::read_rpc_request(mh::use<mh_json>(),
                                                    "application/x-www-form-urlencoded", {}, query);
    if (w.request == "null") w.request.clear();
    if (const std::string refusal = refusal_of(w); !refusal.empty())
        return answer_error(r, 400, kRpcId, refusal), MH_OK;
    shared::Metadata metadata;
    collect(shard.proxy.settings, r.raw(), metadata);
    return join_rpc(r, w, {metadata.fields, metadata.count}), MH_OK;
}

void call_wanted(Shard& shard, mh_req* q, std::string_view body) {
    const mh::request r(q);
    const shared::RpcRequest w =
        shared::read_rpc_request(mh::use<mh_json>(), r.header(MH_H_CONTENT_TYPE), body, r.query());
    if (const std::string refusal = refusal_of(w); !refusal.empty())
        return answer_error(r, 400, kRpcId, refusal);
    if (wants_stream(r)) {
        shared::Metadata metadata;
        collect(shard.proxy.settings, q, metadata);
        return stream_rpc(r, w, {metadata.fields, metadata.count});
    }
    Exchange* x = make_exchange(shard, q, w.service, w.endpoint);
    if (!x) return answer_error(r, 413, kRpcId, "service and endpoint are too long");
    // This header is in seconds on this page, as in Micro.
    const std::string_view seconds = r.header(MH_H_TIMEOUT);
    if (seconds.size() <= 6) x->timeout_ms = shared::effective_timeout_ms(x->timeout_ms, seconds);
    start(*x, w.address, kJsonType, w.request);
}

void on_rpc_body(mh_req* r, void* user, mh_status s, mh_seg body) {
    mh::guarded("on_body", [&] {
        if (!answer_bad_body(r, s, kRpcId)) call_wanted(*static_cast<Shard*>(user), r, view(body));
        return MH_OK;
    });
}

// ---- /[service]/[method]

void on_path_body(mh_req* r, void* user, mh_status s, mh_seg body) {
    auto& x = *static_cast<Exchange*>(user);
    mh::guarded("on_body", [&] {
        if (answer_bad_body(r, s, x.error_id)) return MH_OK;
        std::string_view text = view(body);
        if (!x.binary && text.empty()) text = "{}";
        start(x, {}, x.binary ? "application/protobuf" : kJsonType, text);
        return MH_OK;
    });
}

}  // namespace

mh_status call_by_body(Shard& shard, mh::request r) {
    if (r.flags() & MH_REQ_UPGRADE) return join_wanted(shard, r);
    if (r.method() != "POST") return refuse_method(r, "POST");
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), shard.proxy.settings.max_body,
                                                  on_rpc_body, &shard);
    call_wanted(shard, r.raw(), {});
    return MH_OK;
}

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
    Exchange* x = make_exchange(shard, r.raw(), shared::join_namespace(settings.ns, name.service),
                                name.endpoint);
    if (!x) return MH_E_NOMEM;
    x->error_id = kServerName;
    x->binary = binary;
    if (binary) x->answer_type = media->answer;
    x->timeout_ms = shared::effective_timeout_ms(settings.timeout_ms, head.timeout);
    if (r.flags() & MH_REQ_HAS_BODY)
        return mh::use<mh_http_request>().collect(r.raw(), settings.max_body, on_path_body, x);
    on_path_body(r.raw(), x, MH_OK, {});
    return MH_OK;
}

}  // namespace microhost::proxy
