// SPDX-License-Identifier: Apache-2.0
#include "listing.hpp"

#include "../shared/json_writer.hpp"
#include "indent.hpp"
#include "registry.hpp"
#include "service_text.hpp"

namespace microhost::cli {
namespace {

mh::cell count_of(size_t n) { return mh::cell::of(static_cast<int64_t>(n)); }

/// {"a":"1"}; a person reads a=1.
mh::cell pairs_cell(const mh_kv* pairs, uint32_t n) {
    std::string json;
    shared::JsonWriter w(json);
    w.begin_object();
    for (uint32_t i = 0; i < n; ++i) w.key(mh::view(pairs[i].key)).string(mh::view(pairs[i].val));
    w.end_object();
    return mh::cell::json(json);
}

/// "name, age": the names of the fields, for a table.
std::string field_names(const mh_json_value* value) {
    const mh::json_value values = mh::json_value(value)["values"];
    std::string out;
    for (uint32_t i = 0; i < values.count(); ++i) {
        if (i) out += ", ";
        out += snake(values.at(i)["name"].string().value_or(""));
    }
    return out;
}

}  // namespace

bool is_person(const mh::command_run& run) {
    return run.surface() & (MH_SURFACE_TERMINAL | MH_SURFACE_REMOTE | MH_SURFACE_CHAT);
}

bool as_micro(const mh::command_run& run) { return is_person(run) && !run.given("output"); }

void list_services(const mh::run_ptr& run) {
    const std::vector<Version> all = all_versions(registry_now());
    if (all.empty()) run->note("no services; " + where_looked());
    if (as_micro(*run)) {
        std::string names;
        for (const Version& v : all) names += std::string(v.name()) + "\n";
        if (!names.empty()) run->text(std::move(names));
        return run->done();
    }
    run->columns({"name", "version", "nodes", "endpoints"});
    for (const Version& v : all)
        run->row({mh::cell::of(v.name()), mh::cell::of(v.version()), count_of(v.nodes().size()),
                  count_of(v.endpoints().size())});
    run->done();
}

void list_nodes(const mh::run_ptr& run) {
    const auto name = resolve(*run, run->arg("service"));
    if (!name) return;
    run->columns({"id", "address", "version", "metadata"});
    for (const Version& v : versions_of(registry_now(), *name))
        for (const mh_node_view& n : v.nodes())
            run->row({mh::cell::of(mh::view(n.id)), mh::cell::of(mh::view(n.address)),
                      mh::cell::of(v.version()), pairs_cell(n.metadata, n.n_metadata)});
    run->done();
}

void list_endpoints(const mh::run_ptr& run) {
    const auto name = resolve(*run, run->arg("service"));
    if (!name) return;
    run->columns({"name", "version", "stream", "request", "response"});
    for (const Version& v : versions_of(registry_now(), *name))
        for (const mh_endpoint_view& e : v.endpoints()) {
            bool streams = false;
            for (uint32_t i = 0; i < e.n_metadata; ++i)
                streams |= mh::view(e.metadata[i].key) == "stream" &&
                           mh::view(e.metadata[i].val) == "true";
            run->row({mh::cell::of(mh::view(e.name)), mh::cell::of(v.version()),
                      mh::cell::of(MH_TYPE_BOOL, streams, streams ? "yes" : "no"),
                      mh::cell::of(field_names(e.request)), mh::cell::of(field_names(e.response))});
        }
    run->done();
}

void get_service(const mh::run_ptr& run) {
    const auto name = resolve(*run, run->arg("name"));
    if (!name) return;
    const mh_registry_view* view = registry_now();
    const std::string_view output = run->arg("output");
    const bool person = is_person(*run);
    if (person && output != "json") {
        // "raw" is what Micro prints, too: there is no plainer form of a text.
        if (output != "table") return run->text(service_text(view, *name)), run->done();
        run->columns({"version", "id", "address", "metadata"});
        for (const Version& v : versions_of(view, *name))
            for (const mh_node_view& n : v.nodes())
                run->row({mh::cell::of(v.version()), mh::cell::of(mh::view(n.id)),
                          mh::cell::of(mh::view(n.address)),
                          mh::cell::of(pairs_text(n.metadata, n.n_metadata))});
        return run->done();
    }
    std::string json;
    for (const Version& v : versions_of(view, *name))
        json += (json.empty() ? "[" : ",") + std::string(v.json());
    run->json(json + "]");
    run->done();
}

}  // namespace microhost::cli
