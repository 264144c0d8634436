// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "../shared/json_span.hpp"
#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "call.hpp"
#include "pages.hpp"

namespace microhost::api {
namespace {

using shared::str;
using shared::view;

constexpr std::string_view kErrorId = "go.micro.rpc";

/// What the body asks for. `refusal` is set when it asks for nothing that can be done.
struct Wanted {
    std::string service;
    std::string endpoint;
    std::string address;
    std::string request;  ///< JSON
    std::string refusal;
};

bool is_json(const mh_json& json, std::string_view text) {
    mh_json_doc* doc = nullptr;
    if (json.parse(str(text), &doc) != MH_OK) return false;
    json.release(doc);
    return true;
}

/// Keys are compared without case, as Go does.
std::string_view text_member(const mh_json& json, const mh_json_value* root, std::string_view key) {
    mh_str out{};
    for (uint32_t i = 0; i < json.count(root); ++i) {
        if (!shared::iequals(view(json.key_at(root, i)), key)) continue;
        if (json.string(json.at(root, i), &out) != MH_OK) out = {};
    }
    return view(out);
}

void read_request(const mh_json& json, const mh_json_value* root, std::string_view body,
                  Wanted& w) {
    const std::string_view raw = shared::member_text(body, "request");
    if (!raw.starts_with('"')) {
        w.request = raw.empty() ? std::string_view("null") : raw;
        return;
    }
    w.request = text_member(json, root, "request");
    if (!is_json(json, w.request)) w.refusal = "error decoding request string: it is no JSON";
}

Wanted from_json(const mh_json& json, std::string_view body) {
    Wanted w;
    mh_json_doc* doc = nullptr;
    if (json.parse(str(body), &doc) != MH_OK) {
        w.refusal = "the body is no JSON";
        return w;
    }
    const mh_json_value* root = json.root(doc);
    w.service = text_member(json, root, "service");
    w.endpoint = text_member(json, root, "endpoint");
    if (w.endpoint.empty()) w.endpoint = text_member(json, root, "method");
    w.address = text_member(json, root, "address");
    if (!w.service.empty() && !w.endpoint.empty()) read_request(json, root, body, w);
    json.release(doc);
    return w;
}

/// The first value of a name: those of the body come before those of the query.
std::string first_value(const std::vector<shared::FormPair>& pairs, std::string_view key) {
    const auto found = std::find_if(pairs.begin(), pairs.end(),
                                    [&](const shared::FormPair& p) { return p.key == key; });
    return found == pairs.end() ? std::string() : found->value;
}

Wanted from_form(const mh_json& json, std::string_view body, std::string_view query) {
    Wanted w;
    std::vector<shared::FormPair> pairs;
    if (!shared::parse_form(body, pairs) || !shared::parse_form(query, pairs)) {
        w.refusal = "the form has a broken %-escape or too many fields";
        return w;
    }
    w.service = first_value(pairs, "service");
    w.endpoint = first_value(pairs, "endpoint");
    if (w.endpoint.empty()) w.endpoint = first_value(pairs, "method");
    w.address = first_value(pairs, "address");
    w.request = first_value(pairs, "request");
    if (w.service.empty() || w.endpoint.empty()) return w;
    if (w.request.empty()) {
        w.refusal = "error decoding request string: EOF";
    } else if (!is_json(json, w.request)) {
        w.refusal = "error decoding request string: it is no JSON";
    }
    return w;
}

/// Only nodes of that service: anything else would let a caller reach any address from here.
bool is_node(const Gateway& g, std::string_view service, std::string_view address) {
    const mh_registry& registry = *g.registry;
    const mh_registry_view* view_now = registry.now(g.host);
    for (uint32_t i = 0; i < registry.count(view_now); ++i) {
        const mh_service_view* s = registry.at(view_now, i);
        if (view(registry.name(s)) != service) continue;
        for (uint32_t k = 0; k < registry.node_count(s); ++k) {
            mh_node_view node{};
            node.size = sizeof node;
            if (registry.node_at(s, k, &node) == MH_OK && view(node.address) == address)
                return true;
        }
    }
    return false;
}

std::string refusal_of(const Gateway& g, const Wanted& w) {
    if (!w.refusal.empty()) return w.refusal;
    if (w.service.empty()) return "invalid service";
    if (w.endpoint.empty()) return "invalid endpoint";
    if (!w.address.empty() && !is_node(g, w.service, w.address)) {
        return "invalid address: it is no node of the service";
    }
    return {};
}

/// This header is in seconds on this page, as in Micro.
uint32_t timeout_ms(const Gateway& g, mh_req* r) {
    const std::string_view seconds = g.header(r, MH_H_TIMEOUT);
    if (seconds.empty() || seconds.size() > 6) return g.settings.timeout_ms;
    return effective_timeout_ms(g.settings.timeout_ms, seconds);
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
    const std::string_view type = without_parameters(g.header(r, MH_H_CONTENT_TYPE));
    const Wanted w = shared::iequals(type, kJsonType)
                         ? from_json(*g.json, body)
                         : from_form(*g.json, body, g.attr(r, MH_ATTR_QUERY));
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
    x->timeout_ms = timeout_ms(g, r);
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
