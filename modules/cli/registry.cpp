// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <algorithm>

namespace microhost::cli {
namespace {

const mh_registry& api() { return mh::use<mh_registry>(); }

/// Names that end in ".TYPED", each once.
std::vector<std::string_view> ending_in(const mh_registry_view* view, std::string_view typed) {
    std::vector<std::string_view> out;
    const std::string end = "." + std::string(typed);
    for (const Version& v : all_versions(view))
        if (v.name().ends_with(end) && (out.empty() || out.back() != v.name()))
            out.push_back(v.name());
    return out;
}

std::string not_found(const mh_registry_view* view, std::string_view typed) {
    std::string out = "service not found: " + std::string(typed);
    if (api().state(view, mh::lend(typed)) == MH_SERVICE_GONE) out += " (its last node has gone)";
    const std::string_view near = mh::view(api().nearest(view, mh::lend(typed)));
    out += near.empty() ? "; " + where_looked() : "; did you mean \"" + std::string(near) + "\"?";
    return out;
}

}  // namespace

std::vector<mh_node_view> Version::nodes() const {
    std::vector<mh_node_view> out(api().node_count(s_));
    for (uint32_t i = 0; i < out.size(); ++i) {
        out[i].size = sizeof out[i];
        api().node_at(s_, i, &out[i]);
    }
    return out;
}

std::vector<mh_endpoint_view> Version::endpoints() const {
    std::vector<mh_endpoint_view> out(api().endpoint_count(s_));
    for (uint32_t i = 0; i < out.size(); ++i) {
        out[i].size = sizeof out[i];
        api().endpoint_at(s_, i, &out[i]);
    }
    return out;
}

const mh_registry_view* registry_now() { return api().now(mh::the_host); }

std::vector<Version> all_versions(const mh_registry_view* view) {
    std::vector<Version> out;
    const uint32_t n = api().count(view);
    out.reserve(n);
    for (uint32_t i = 0; i < n; ++i) out.emplace_back(api().at(view, i));
    return out;
}

std::vector<Version> versions_of(const mh_registry_view* view, std::string_view name) {
    std::vector<Version> out;
    for (const Version& v : all_versions(view))
        if (v.name() == name) out.push_back(v);
    return out;
}

std::string where_looked() {
    std::string out;
    const auto add = [](void* user, const mh_registry_source* s) {
        std::string& text = *static_cast<std::string*>(user);
        text += text.empty() ? "looked in " : " and ";
        text += s->place.len ? mh::view(s->place) : mh::view(s->name);
        if (s->problem.len) text += " (" + std::string(mh::view(s->problem)) + ")";
    };
    if (MH_FIELD_OK(&api(), sources)) api().sources(mh::the_host, add, &out);
    return out.empty() ? "nothing is looked at here" : out;
}

std::optional<std::string> resolve(mh::command_run& run, std::string_view typed,
                                   bool must_be_known) {
    const mh_registry_view* view = registry_now();
    if (typed.empty()) return run.fail("service required", 2), std::nullopt;
    if (api().find(view, mh::lend(typed), {})) return std::string(typed);
    const std::vector<std::string_view> found = ending_in(view, typed);
    if (found.size() == 1) {
        run.note(std::string(typed) + " is " + std::string(found[0]));
        return std::string(found[0]);
    }
    if (!must_be_known && found.empty()) return std::string(typed);
    if (found.empty()) return run.fail(not_found(view, typed), 1, MH_E_NOT_FOUND), std::nullopt;
    std::string names;
    for (std::string_view n : found) names += (names.empty() ? "" : ", ") + std::string(n);
    run.fail("\"" + std::string(typed) + "\" is the end of several names: " + names, 2);
    return std::nullopt;
}

bool takes_calls(const mh_node_view& n) {
    return std::none_of(n.metadata, n.metadata + n.n_metadata,
                        [](const mh_kv& m) { return mh::view(m.key) == "topic"; });
}

}  // namespace microhost::cli
