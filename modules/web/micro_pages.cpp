// SPDX-License-Identifier: Apache-2.0
#include "micro_pages.hpp"

#include <vector>

#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "html.hpp"

namespace microhost::web {
namespace {

std::string input(std::string_view label, std::string_view name, std::string_view value) {
    return "<p><label>" + std::string(label) + " <input name=\"" + std::string(name) +
           "\" value=\"" + escaped(value) + "\" required></label></p>\n";
}

}  // namespace

mh_status show_client(mh::request r, std::string_view token) {
    std::string service, endpoint, request = "{}";
    std::vector<shared::FormPair> pairs;
    shared::parse_form(r.query(), pairs);
    for (shared::FormPair& p : pairs) {
        if (p.key == "service")
            service = std::move(p.value);
        else if (p.key == "endpoint" || p.key == "method")
            endpoint = std::move(p.value);
        else if (p.key == "request")
            request = std::move(p.value);
    }
    return answer_page(
        r, 200, "Client",
        "<h1>Client</h1>\n<form method=\"post\" action=\"/rpc?csrf=" + escaped(token) + "\">\n" +
            input("Service", "service", service) + input("Endpoint", "endpoint", endpoint) +
            "<p><label>Request (JSON)<br><textarea name=\"request\" rows=\"8\" "
            "cols=\"60\">" +
            escaped(request) +
            "</textarea></label></p>\n<p><button>Call</button></p></form>\n"
            "<p>The same from a terminal: <code>microhost call SERVICE ENDPOINT "
            "REQUEST</code></p>\n");
}

mh_status show_terminal(mh::request r) {
    return answer_page(
        r, 200, "Terminal",
        "<h1>Terminal</h1>\n<p>Commands are run by <code>microhost</code> in a "
        "terminal, or over HTTP: <code>GET /_/commands</code> lists them, <code>POST "
        "/_/commands/NAME</code> runs one. Services are called by the " +
            link("/client", "client") + ".</p>\n");
}

mh_status show_stats(mh::request r, const shared::StatsBoard& stats) {
    const std::string json = stats.json(r.now_ns());
    if (wants_json(r)) return answer_json(r, json);
    return answer_page(r, 200, "Stats",
                       "<h1>Stats</h1>\n<p>Answers of the last two minutes, in windows of five "
                       "seconds.</p>\n<pre>" +
                           escaped(json) + "</pre>\n");
}

std::string_view newer_name(std::string_view path) {
    if (path == "/query" || path == "/call") return "/client";
    return path == "/cli" ? "/terminal" : "";
}

mh_status answer_moved(mh::request r, std::string_view to) {
    std::string location(to);
    if (!r.query().empty()) location.append("?").append(r.query());
    r.respond(301, {}, {}, {{"Location", location}});
    return MH_OK;
}

}  // namespace microhost::web
