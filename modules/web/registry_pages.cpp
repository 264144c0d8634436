// SPDX-License-Identifier: Apache-2.0
#include "registry_pages.hpp"

#include "../shared/json_writer.hpp"
#include "answer.hpp"
#include "html.hpp"
#include "records.hpp"

namespace microhost::web {
namespace {

using mh::view;

template <class F>
void each_service(F&& fn) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_registry_view* now = registry.now(mh::the_host);
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
        fn(registry, s, view(registry.name(s)));
    }
}

ServiceSummaries rows(std::string_view part) {
    const mh_registry_view* now = mh::use<mh_registry>().now(mh::the_host);
    ServiceSummaries out = service_summaries(now);
    std::erase_if(out, [&](const auto& row) { return row.first.find(part) == row.first.npos; });
    return out;
}

std::string list_of(const std::set<std::string, std::less<>>& words) {
    std::string out;
    for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
    return out;
}

std::string cell(std::string_view html) { return "<td>" + std::string(html) + "</td>"; }

std::string pairs(const mh_kv* kv, uint32_t n) {
    std::string out;
    for (uint32_t i = 0; i < n; ++i)
        out += escaped(view(kv[i].key)) + "=" + escaped(view(kv[i].val)) + " ";
    return out;
}

std::string nodes_table(const mh_registry& registry, const mh_service_view* s) {
    std::string out =
        "<table><caption>Version " + escaped(view(registry.version(s))) +
        "</caption><thead><tr><th>Node</th><th>Address</th><th>Metadata</th></tr></thead><tbody>\n";
    for (uint32_t i = 0; i < registry.node_count(s); ++i) {
        mh_node_view n{};
        n.size = sizeof n;
        if (registry.node_at(s, i, &n) != MH_OK) break;
        const std::string_view address = view(n.address);
        out += "<tr>" + cell(escaped(view(n.id))) +
               cell(address.empty() ? "in this process" : escaped(address)) +
               cell(pairs(n.metadata, n.n_metadata)) + "</tr>\n";
    }
    return out + "</tbody></table>\n";
}

std::string endpoints_list(const mh_registry& registry, const mh_service_view* s) {
    std::string out;
    for (uint32_t i = 0; i < registry.endpoint_count(s); ++i) {
        mh_endpoint_view e{};
        e.size = sizeof e;
        if (registry.endpoint_at(s, i, &e) != MH_OK) break;
        out += "<li><code>" + escaped(view(e.name)) + "</code> " + pairs(e.metadata, e.n_metadata) +
               "</li>\n";
    }
    return out.empty() ? "<p>It describes no endpoints.</p>\n" : "<ul>\n" + out + "</ul>\n";
}

}  // namespace

mh_status show_apps(mh::request r, const Settings& s) {
    const std::string prefix = s.ns + ".";
    std::string tiles;
    for (const auto& [name, row] : rows(prefix)) {
        if (!name.starts_with(prefix) || row.nodes == 0) continue;
        const std::string app = name.substr(prefix.size());
        tiles += "<li>" + link("/" + path_element(app) + "/", app) + "</li>\n";
    }
    if (tiles.empty())
        tiles = "<p>No web service is registered under <code>" + escaped(s.ns) + "</code>.</p>\n";
    else
        tiles = "<ul>\n" + tiles + "</ul>\n";
    return answer_page(r, 200, "Web services", "<h1>Web services</h1>\n" + tiles);
}

mh_status show_services(mh::request r, std::string_view filter) {
    const ServiceSummaries all = rows(filter);
    if (wants_json(r)) {
        std::string json = R"({"services":[)";
        for (const auto& [name, row] : all) {
            if (json.back() != '[') json += ',';
            json += R"({"name":)";
            shared::append_json_string(json, name);
            json += R"(,"version":"","metadata":null,"endpoints":null,"nodes":null})";
        }
        return answer_json(r, json + "]}");
    }
    std::string body =
        "<h1>Services</h1>\n<form method=\"get\" action=\"/services\" role=\"search\">"
        "<label>Filter <input name=\"q\" value=\"" +
        escaped(filter) + "\"></label></form>\n";
    body +=
        "<table><thead><tr><th>Service</th><th>Versions</th><th>Nodes</th><th>Endpoints</th>"
        "</tr></thead><tbody>\n";
    for (const auto& [name, row] : all)
        body += "<tr>" + cell(link("/service/" + path_element(name), name)) +
                cell(escaped(list_of(row.versions))) + cell(std::to_string(row.nodes)) +
                cell(std::to_string(row.endpoints)) + "</tr>\n";
    return answer_page(r, 200, "Services", body + "</tbody></table>\n");
}

mh_status show_service(mh::request r, std::string_view wanted) {
    std::string json, html, endpoints;
    each_service([&](const mh_registry& registry, const mh_service_view* s, std::string_view name) {
        if (name != wanted) return;
        json += (json.empty() ? R"({"services":[)" : ",") + std::string(view(registry.json(s)));
        html += nodes_table(registry, s);
        if (endpoints.empty()) endpoints = endpoints_list(registry, s);
    });
    if (json.empty())
        return answer_problem(r, 404, "Not found", "there is no service " + std::string(wanted));
    if (wants_json(r)) return answer_json(r, json + "]}");
    return answer_page(
        r, 200, wanted,
        "<h1>" + escaped(wanted) + "</h1>\n" + html + "<h2>Endpoints</h2>\n" + endpoints);
}

}  // namespace microhost::web
