// SPDX-License-Identifier: Apache-2.0
#include "rpc/registry_view.hpp"

#include <utility>

#include "json/writer.hpp"
#include "registry/model_json.hpp"

namespace microhost::rpc {
namespace {

mh_str lend(const std::string& s) { return {s.data(), s.size()}; }

const mh_json_value* schema_of(json::Value endpoint, std::string_view key) {
    json::Value v = endpoint.find(key);
    return v.is_null() ? nullptr : reinterpret_cast<const mh_json_value*>(v.node());
}

std::pair<const mh_kv*, uint32_t> add_pairs(std::vector<mh_kv>& to, const registry::Metadata& m) {
    const mh_kv* first = to.data() + to.size();
    for (const auto& [key, value] : m) to.push_back({lend(key), lend(value)});
    return {first, static_cast<uint32_t>(m.size())};
}

void fill(mh_service_view& v, const registry::Service& s) {
    v.service = &s;
    json::Writer writer(v.json);
    registry::write_json(writer, s);
    // Deeper than a provider's text may be, because the schemas are two levels further down here.
    json::Options options;
    options.max_depth = 80;
    options.max_bytes = SIZE_MAX;
    if (auto parsed = json::Document::parse(v.json, options)) v.document = std::move(*parsed);
    json::Value endpoints = v.document.root().find("endpoints");

    size_t pairs = 0;
    for (const auto& e : s.endpoints) pairs += e.metadata.size();
    for (const auto& n : s.nodes) pairs += n.metadata.size();
    v.pairs.reserve(pairs);
    v.endpoints.reserve(s.endpoints.size());
    for (const registry::Endpoint& e : s.endpoints) {
        json::Value parsed = endpoints.at(v.endpoints.size());
        auto [metadata, n] = add_pairs(v.pairs, e.metadata);
        v.endpoints.push_back({sizeof(mh_endpoint_view), n, lend(e.name), metadata,
                               schema_of(parsed, "request"), schema_of(parsed, "response")});
    }
    v.nodes.reserve(s.nodes.size());
    for (const registry::Node& n : s.nodes) {
        auto [metadata, count] = add_pairs(v.pairs, n.metadata);
        v.nodes.push_back({sizeof(mh_node_view), count, lend(n.id), lend(n.address), metadata});
    }
}

}  // namespace

std::shared_ptr<const ServiceViews> make_views(const registry::ServiceNodes& of) {
    auto views = std::make_shared<ServiceViews>();
    views->versions.resize(of.versions.size());
    for (size_t i = 0; i < of.versions.size(); i++) fill(views->versions[i], of.versions[i]);
    return views;
}

}  // namespace microhost::rpc
