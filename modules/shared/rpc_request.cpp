// SPDX-License-Identifier: Apache-2.0
#include "rpc_request.hpp"

#include <algorithm>
#include <vector>

#include "json_span.hpp"
#include "media_type.hpp"
#include "text.hpp"
#include "url_encoding.hpp"

namespace microhost::shared {
namespace {

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
        if (!iequals(view(json.key_at(root, i)), key)) continue;
        if (json.string(json.at(root, i), &out) != MH_OK) out = {};
    }
    return view(out);
}

void read_request(const mh_json& json, const mh_json_value* root, std::string_view body,
                  RpcRequest& w) {
    const std::string_view raw = member_text(body, "request");
    if (!raw.starts_with('"')) {
        w.request = raw.empty() ? std::string_view("null") : raw;
        return;
    }
    w.request = text_member(json, root, "request");
    if (!is_json(json, w.request)) w.refusal = "error decoding request string: it is no JSON";
}

RpcRequest from_json(const mh_json& json, std::string_view body) {
    RpcRequest w;
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
std::string first_value(const std::vector<FormPair>& pairs, std::string_view key) {
    const auto found =
        std::find_if(pairs.begin(), pairs.end(), [&](const FormPair& p) { return p.key == key; });
    return found == pairs.end() ? std::string() : found->value;
}

RpcRequest from_form(const mh_json& json, std::string_view body, std::string_view query) {
    RpcRequest w;
    std::vector<FormPair> pairs;
    if (!parse_form(body, pairs) || !parse_form(query, pairs)) {
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

}  // namespace

RpcRequest read_rpc_request(const mh_json& json, std::string_view content_type,
                            std::string_view body, std::string_view query) {
    return iequals(without_parameters(content_type), "application/json")
               ? from_json(json, body)
               : from_form(json, body, query);
}

bool is_node(const mh_registry& registry, const mh_registry_view* now, std::string_view service,
             std::string_view address) {
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
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

}  // namespace microhost::shared
