// SPDX-License-Identifier: Apache-2.0
#include "rpc_handler.hpp"

#include <cstring>
#include <string>

#include "../shared/json_span.hpp"
#include "../shared/metadata.hpp"
#include "../shared/query_json.hpp"
#include "../shared/stream_socket.hpp"
#include "../shared/text.hpp"
#include "answer.hpp"
#include "call.hpp"

namespace microhost::api {
namespace {

using shared::Media;
using shared::view;

constexpr std::string_view kProtobufType = "application/protobuf";

/// What the head says about the call.
struct Head {
    std::string_view content_type;
    std::string_view timeout;
    bool encoded = false;  ///< a Content-Encoding that the service could not know of
};

Head read_head(std::span<const mh_header> headers) {
    Head head;
    for (const mh_header& h : headers) {
        if (h.id == MH_H_CONTENT_TYPE) head.content_type = view(h.value);
        if (h.id == MH_H_TIMEOUT) head.timeout = view(h.value);
        if (h.id == MH_H_CONTENT_ENCODING)
            head.encoded = !shared::iequals(view(h.value), "identity");
    }
    return head;
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    if (x.answered) return;
    const Gateway& g = x.gateway();
    mark_answered(x);
    g.http->route_set(x.request, shared::str(x.service));
    std::string_view body = view(m->body);
    if (x.media->media != Media::protobuf) {
        // go-micro's encoder ends every value with a newline that its gateway never showed.
        if (body.ends_with('\n')) body.remove_suffix(1);
        if (is_codec_complaint(*m)) {
            try {
                refuse(g, x.request, 500, x.error_id, "error during request: " + std::string(body));
            } catch (...) {
                g.http->respond(x.request, 500, nullptr, 0, nullptr, 0);
            }
            return;
        }
    }
    respond(g, x.request, 200, x.media->answer, body);
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, &on_message, &on_call_end, nullptr};

void call_json(Exchange& x, std::string_view body) { start_call(x, kSink, {}, kJsonType, body); }

/// A query or a form, written as the endpoint's request schema says.
shared::QueryResult query_json(const Exchange& x, std::string_view query) {
    const Gateway& g = x.gateway();
    const mh_registry_view* registry = g.registry->now(g.host);
    const mh_service_view* service = g.registry->find(registry, shared::str(x.service), {});
    mh_endpoint_view endpoint{};
    endpoint.size = sizeof endpoint;
    const bool known =
        service && g.registry->endpoint(service, shared::str(x.endpoint), &endpoint) == MH_OK;
    return shared::query_to_json(query, g.json, known ? endpoint.request : nullptr);
}

void refuse_request(Exchange& x, std::string_view why) {
    mark_answered(x);
    refuse(x.gateway(), x.request, 400, x.error_id, why);
}

void call_with_query(Exchange& x, std::string_view query) {
    const auto request = query_json(x, query);
    if (request.ok) {
        call_json(x, request.text);
    } else {
        refuse_request(x, request.text);
    }
}

/// Parameters of the path, then what else is a form: of two values of one name the last one counts, as in Micro.
std::string with_fields(const Exchange& x, std::string_view more) {
    std::string out(x.fields);
    if (!out.empty() && !more.empty()) out += '&';
    return out.append(more);
}

int32_t kind_of(const mh_json& json, std::string_view text) {
    mh_json_doc* doc = nullptr;
    if (json.parse(shared::str(text), &doc) != MH_OK) return -1;
    const int32_t kind = json.kind(json.root(doc));
    json.release(doc);
    return kind;
}

/// Path, query and body in one object; what the body says wins, then the query (go-micro v2.9 api/handler/rpc).
void call_merged(Exchange& x, std::string_view body) {
    const Gateway& g = x.gateway();
    const std::string fields = with_fields(x, g.attr(x.request, MH_ATTR_QUERY));
    const int32_t kind = body.empty() ? MH_JSON_NULL : kind_of(*g.json, body);
    if (kind == MH_JSON_NULL) {
        call_with_query(x, fields);
        return;
    }
    if (kind != MH_JSON_OBJECT) {
        refuse_request(x, "the path has parameters, so the body must be a JSON object");
        return;
    }
    const auto request = query_json(x, fields);
    if (request.ok) {
        call_json(x, shared::merge_objects(request.text, body));
    } else {
        refuse_request(x, request.text);
    }
}

/// {"method":...,"params":[REQUEST],"id":...}
void call_json_rpc(Exchange& x, std::string_view body) {
    const Gateway& g = x.gateway();
    mh_json_doc* doc = nullptr;
    std::string_view request;
    if (g.json->parse(shared::str(body), &doc) == MH_OK) {
        g.json->release(doc);
        request = shared::first_element_text(shared::member_text(body, "params"));
    }
    if (request.empty()) {
        refuse_request(x, "a json-rpc body needs params with one element");
    } else if (x.fields.empty()) {
        call_json(x, request);
    } else {
        call_merged(x, request);
    }
}

/// `curl -d '{...}'` says "form" and means JSON; Micro passed it as JSON.
bool looks_like_json(std::string_view body) {
    const std::string_view text = shared::trim(body);
    return text.starts_with('{') || text.starts_with('[');
}

void call_with_body(Exchange& x, std::string_view body) {
    switch (x.media->media) {
        case Media::protobuf: start_call(x, kSink, {}, kProtobufType, body); return;
        case Media::json_rpc: call_json_rpc(x, body); return;
        case Media::form:
            if (!body.empty() && !looks_like_json(body)) {
                call_with_query(x, with_fields(x, body));
                return;
            }
            break;
        case Media::json:
        case Media::unsupported: break;
    }
    if (!x.fields.empty()) {
        call_merged(x, body);
        return;
    }
    call_json(x, body.empty() ? std::string_view("null") : body);
}

void on_body(mh_req* r, void* user, mh_status s, mh_seg body) noexcept {
    Exchange& x = *static_cast<Exchange*>(user);
    try {
        if (!answer_bad_body(x.gateway(), r, s, x.error_id)) call_with_body(x, view(body));
    } catch (...) {
        x.gateway().http->respond(r, 500, nullptr, 0, nullptr, 0);
    }
}

// ---- websockets

enum class Streams { yes, no, unknown };

/// Micro goes by the endpoint's metadata. Services that describe no endpoints are taken at the client's word.
Streams streams(const Exchange& x) {
    const Gateway& g = x.gateway();
    const mh_service_view* service =
        g.registry->find(g.registry->now(g.host), shared::str(x.service), {});
    mh_endpoint_view e{};
    e.size = sizeof e;
    if (!service || g.registry->endpoint(service, shared::str(x.endpoint), &e) != MH_OK)
        return Streams::unknown;
    for (uint32_t i = 0; i < e.n_metadata; ++i)
        if (view(e.metadata[i].key) == "stream" && view(e.metadata[i].val) == "true")
            return Streams::yes;
    return Streams::no;
}

/// The query is the first message; without one the client's first frame is.
void join(Exchange& x) {
    const Gateway& g = x.gateway();
    const std::string fields = with_fields(x, g.attr(x.request, MH_ATTR_QUERY));
    shared::QueryResult first{true, {}};
    if (!fields.empty()) first = query_json(x, fields);
    if (!first.ok) return refuse_request(x, first.text);
    const mh_header* headers = nullptr;
    uint32_t n_headers = 0;
    shared::Metadata metadata;
    if (g.http->headers(x.request, MH_DIR_REQUEST, &headers, &n_headers) == MH_OK)
        shared::collect_metadata(*g.http, x.request, {headers, n_headers}, metadata);
    mh_rpc_target target{};
    target.size = sizeof target;
    target.service = shared::str(x.service);
    target.endpoint = shared::str(x.endpoint);
    const bool binary = x.media->media == Media::protobuf;
    target.content_type = shared::str(binary ? kProtobufType : kJsonType);
    target.metadata = metadata.fields;
    target.n_metadata = metadata.count;
    target.from_service = shared::str(kServerName);
    const std::string service(x.service);
    switch (const mh_status s = shared::join_stream({g.host, g.rpc, g.websocket, g.json}, x.request,
                                                    target, first.text)) {
        case MH_OK: g.http->route_set(x.request, shared::str(service)); return;
        case MH_E_GONE: return;
        case MH_E_INVALID: return refuse_request(x, "this is no correct websocket handshake");
        default: answer_failure(x, s, {});
    }
}

mh_status begin_socket(Exchange& x) {
    if (streams(x) == Streams::no)
        refuse_request(x, "this endpoint does not stream: call it without a websocket");
    else
        join(x);
    return MH_OK;
}

bool keep_fields(Exchange& x, std::string_view fields) {
    if (fields.empty()) return true;
    char* const memory = static_cast<char*>(x.gateway().http->alloc(x.request, fields.size(), 1));
    if (!memory) return false;
    std::memcpy(memory, fields.data(), fields.size());
    x.fields = {memory, fields.size()};
    return true;
}

mh_status begin(Exchange& x, mh_req* r, std::string_view method) {
    const Gateway& g = x.gateway();
    const bool get = shared::is(method, "GET") || shared::is(method, "HEAD");
    if (!get && (g.http->flags(r) & MH_REQ_HAS_BODY) != 0) {
        return g.http->collect(r, g.settings.max_body, &on_body, &x);
    }
    const std::string_view query =
        shared::is(method, "POST") ? std::string_view() : g.attr(r, MH_ATTR_QUERY);
    if (x.media->media == Media::protobuf) {
        start_call(x, kSink, {}, kProtobufType, {});
    } else if (!x.fields.empty()) {
        call_merged(x, {});
    } else if (query.empty()) {
        call_json(x, "null");
    } else {
        call_with_query(x, query);
    }
    return MH_OK;
}

}  // namespace

mh_status handle_rpc(Shard& shard, mh_req* r, const Route& route, std::string_view method,
                     std::span<const mh_header> headers) {
    const Gateway& g = shard.gateway;
    if (g.settings.handler == Handler::rpc && !shared::is(method, "GET") &&
        !shared::is(method, "POST")) {
        return refuse_method(g, r, "GET, POST");
    }
    if (is_internal_endpoint(route.endpoint)) {
        return refuse(g, r, 403, g.settings.error_id,
                      "Debug endpoints cannot be called from outside");
    }
    const Head head = read_head(headers);
    const shared::MediaType* media = shared::media_type(head.content_type);
    if (media->media == shared::Media::unsupported || head.encoded) {
        return refuse(g, r, 415, g.settings.error_id,
                      head.encoded ? "an encoded body cannot be passed on"
                                   : "unsupported content type: use JSON, a form or protobuf");
    }
    Exchange* const x = make_exchange(shard, r, route.service, route.endpoint);
    if (!x) return MH_E_NOMEM;
    x->media = media;
    if (route.declared && route.declared->path && route.declared->path->has_parameters() &&
        !keep_fields(*x, route.declared->path->parameters(g.attr(r, MH_ATTR_PATH)))) {
        return MH_E_NOMEM;
    }
    if (!head.timeout.empty()) x->timeout_ms = effective_timeout_ms(x->timeout_ms, head.timeout);
    if (g.http->flags(r) & MH_REQ_UPGRADE) return begin_socket(*x);
    return begin(*x, r, method);
}

}  // namespace microhost::api
