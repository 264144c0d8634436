// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <microhost/host.hpp>

#include <charconv>
#include <functional>

#include "../shared/json_writer.hpp"

namespace microhost::web {
namespace {

using mh::view;
using shared::JsonWriter;

std::string row_json(std::string_view name, const ServiceSummary& row) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("name").string(name).key("versions").begin_array();
    for (const std::string& v : row.versions) w.string(v);
    w.end_array().key("nodes").integer(row.nodes).key("endpoints").integer(row.endpoints);
    w.key("state").string(row.alive ? "alive" : "gone");
    char digest[16];
    const auto end = std::to_chars(digest, digest + sizeof digest, row.digest, 16).ptr;
    w.key("digest").string({digest, end}).end_object();
    return out;
}

/// Calls fn(item, out) for each thing that the host hands over, and keeps what it throws on this side.
template <class Item, class Fn>
void collect(void* user, const Item* item) {
    mh::guarded("collect", [&] { return (*static_cast<Fn*>(user))(*item), MH_OK; });
}

void add_pairs(JsonWriter& w, const mh_kv* kv, uint32_t n) {
    w.begin_object();
    for (uint32_t i = 0; i < n; ++i) w.key(view(kv[i].key)).string(view(kv[i].val));
    w.end_object();
}

}  // namespace

ServiceSummaries service_summaries(const mh_registry_view* now) {
    const mh_registry& registry = mh::use<mh_registry>();
    ServiceSummaries out;
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
        ServiceSummary& row = out[std::string(view(registry.name(s)))];
        row.versions.emplace(view(registry.version(s)));
        row.nodes += registry.node_count(s);
        row.endpoints = std::max(row.endpoints, registry.endpoint_count(s));
        row.digest = row.digest * 31 + std::hash<std::string_view>()(view(registry.json(s)));
    }
    for (auto& [name, row] : out)
        row.alive = registry.state(now, mh::lend(name)) == MH_SERVICE_ALIVE;
    return out;
}

ServiceRows service_rows(const mh_registry_view* now) {
    ServiceRows out;
    for (const auto& [name, row] : service_summaries(now)) out.emplace(name, row_json(name, row));
    return out;
}

std::string joined(const ServiceRows& rows) {
    std::string out = "[";
    for (const auto& [name, json] : rows) (out.size() > 1 ? out += ',' : out) += json;
    return out + ']';
}

std::string service_json(const mh_registry_view* now, std::string_view name) {
    const mh_registry& registry = mh::use<mh_registry>();
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("name").string(name).key("state");
    w.string(registry.state(now, mh::lend(name)) == MH_SERVICE_ALIVE ? "alive" : "gone");
    w.key("versions").begin_array();
    uint32_t found = 0;
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
        if (view(registry.name(s)) != name) continue;
        w.raw(view(registry.json(s)));
        ++found;
    }
    w.end_array().end_object();
    return found ? out : std::string();
}

std::string sources_json() {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("sources").begin_array();
    auto add = [&](const mh_registry_source& s) {
        w.begin_object().key("name").string(view(s.name)).key("place").string(view(s.place));
        w.key("problem").string(view(s.problem)).key("services").integer(s.services);
        w.key("nodes").integer(s.nodes).end_object();
    };
    mh::use<mh_registry>().sources(mh::the_host, collect<mh_registry_source, decltype(add)>, &add);
    w.end_array().end_object();
    return out;
}

std::string_view state_name(int32_t state) {
    switch (state) {
        case MH_MODULE_STATE_LOADING: return "loading";
        case MH_MODULE_STATE_RUNNING: return "running";
        case MH_MODULE_STATE_DRAINING: return "draining";
        case MH_MODULE_STATE_PARKED: return "parked";
        case MH_MODULE_STATE_FAILED: return "failed";
        case MH_MODULE_STATE_QUARANTINED: return "quarantined";
        default: return "unknown";
    }
}

std::string modules_json(bool manifests) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("modules").begin_array();
    auto add = [&](const mh_module_info& i) {
        const auto number = [&](std::string_view key, uint64_t n) {
            w.key(key).integer(static_cast<int64_t>(n));
        };
        w.begin_object().key("id").string(view(i.id)).key("version").string(view(i.version));
        w.key("path").string(view(i.path)).key("summary").string(view(i.summary));
        w.key("state").string(state_name(i.state)).key("detail").string(view(i.detail));
        number("generation", i.generation), w.key("loaded_ms").integer(i.loaded_ms);
        number("calls", i.calls), number("cpu_us", i.cpu_us), number("longest_us", i.longest_us);
        number("stalls", i.stalls), number("errors", i.errors), number("bytes", i.bytes);
        number("requests", i.requests), number("handles", i.handles);
        if (manifests) w.key("manifest").raw(i.manifest.len ? view(i.manifest) : "null");
        w.end_object();
    };
    mh::use<mh_modules>().each(mh::the_host, collect<mh_module_info, decltype(add)>, &add);
    w.end_array().end_object();
    return out;
}

std::string modules_signature() {
    std::string out;
    auto add = [&](const mh_module_info& i) {
        out.append(view(i.id)).append(" ").append(std::to_string(i.generation)).append(" ");
        out.append(state_name(i.state)).append(view(i.detail)).append("\n");
    };
    mh::use<mh_modules>().each(mh::the_host, collect<mh_module_info, decltype(add)>, &add);
    return out;
}

std::string_view level_name(int32_t level) {
    switch (level) {
        case MH_LOG_DEBUG: return "debug";
        case MH_LOG_INFO: return "info";
        case MH_LOG_WARN: return "warn";
        default: return "error";
    }
}

std::string log_json(const mh_log_record& r) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("seq").integer(static_cast<int64_t>(r.seq)).key("time").integer(r.time_ms);
    w.key("level").string(level_name(r.level)).key("module").string(view(r.module));
    w.key("request_id").string(view(r.request_id)).key("text").string(view(r.text));
    w.key("fields");
    add_pairs(w, r.fields, r.n_fields);
    w.end_object();
    return out;
}

}  // namespace microhost::web
