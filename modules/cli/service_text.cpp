// SPDX-License-Identifier: Apache-2.0
#include "service_text.hpp"

#include "../shared/text.hpp"
#include "registry.hpp"

namespace microhost::cli {
namespace {

constexpr unsigned kDeepest = 64;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

void field_lines(std::string& out, mh::json_value field, unsigned depth) {
    const mh::json_value values = field["values"];
    out.append(depth, '\t');
    out += snake(field["name"].string().value_or("")) + " ";
    out += field["type"].string().value_or("");
    if (values.count() == 0 || depth == kDeepest) {
        out += '\n';
        return;
    }
    out += " {\n";
    for (uint32_t i = 0; i < values.count(); ++i) field_lines(out, values.at(i), depth + 1);
    out.append(depth, '\t');
    out += "}\n";
}

void version_lines(std::string& out, const Version& v) {
    if (!v.version().empty()) out += "\nversion " + std::string(v.version()) + "\n";
    out += "\nID\tAddress\tMetadata\n";
    for (const mh_node_view& n : v.nodes())
        out += std::string(mh::view(n.id)) + "\t" + std::string(mh::view(n.address)) + "\t" +
               pairs_text(n.metadata, n.n_metadata) + "\n";
}

void endpoint_lines(std::string& out, const mh_endpoint_view& e) {
    out += "\nEndpoint: " + std::string(mh::view(e.name)) + "\n\n";
    if (e.n_metadata) out += "Metadata: " + pairs_text(e.metadata, e.n_metadata) + "\n\n";
    out += "Request: " + value_text(mh::json_value(e.request)) + "\n\n";
    out += "Response: " + value_text(mh::json_value(e.response)) + "\n\n";
}

}  // namespace

std::string pairs_text(const mh_kv* pairs, uint32_t n) {
    std::string out;
    for (uint32_t i = 0; i < n; ++i) {
        if (i) out += ',';
        out += mh::view(pairs[i].key);
        out += '=';
        out += mh::view(pairs[i].val);
    }
    return out;
}

std::string snake(std::string_view name) {
    std::string out;
    for (size_t i = 0; i < name.size(); ++i) {
        const bool starts = is_upper(name[i]) && i > 0 &&
                            (!is_upper(name[i - 1]) ||
                             (i + 1 < name.size() && !is_upper(name[i + 1]) && name[i + 1] != '_'));
        if (starts && out.back() != '_') out += '_';
        out += shared::lower(name[i]);
    }
    return out;
}

std::string value_text(mh::json_value value) {
    const mh::json_value values = value["values"];
    if (values.count() == 0) return "{}";
    std::string out = "{\n";
    for (uint32_t i = 0; i < values.count(); ++i) field_lines(out, values.at(i), 1);
    return out + "}";
}

std::string service_text(const mh_registry_view* view, std::string_view name) {
    std::string out = "service  " + std::string(name) + "\n";
    const std::vector<Version> versions = versions_of(view, name);
    for (const Version& v : versions) version_lines(out, v);
    if (!versions.empty())
        for (const mh_endpoint_view& e : versions.front().endpoints()) endpoint_lines(out, e);
    return out;
}

}  // namespace microhost::cli
