// SPDX-License-Identifier: Apache-2.0
#include "pages.hpp"

#include <string>

#include "answer.hpp"
#include "cors.hpp"

namespace microhost::api {
namespace {

mh_status answer_root(const Gateway& g, mh_req* r, std::string_view method) {
    CorsHeaders cors;
    if (!g.settings.cors()) cors = root_cors_headers(g, r);  // else the configured ones are set
    std::string body;
    if (method != "OPTIONS") body.append("{\"version\": \"").append(kVersion).append("\"}");
    return respond(g, r, 200, kJsonType, body, {cors.fields.data(), cors.count});
}

bool reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

bool is_page(const Settings& s, std::string_view path) {
    switch (path.size()) {
        case 1: return true;  // a path begins with "/"
        case 4: return s.enable_rpc && path == "/rpc";
        case 6: return s.enable_stats && path == "/stats";
        case 12: return path == "/favicon.ico";
        case kLongestPage: return s.enable_openapi && path == "/openapi.json";
        default: return false;
    }
}

mh_status answer_page(Shard& shard, mh_req* r, std::string_view method, std::string_view path) {
    const Gateway& g = shard.gateway;
    if (path == "/") return answer_root(g, r, method);
    if (path == "/rpc") return answer_rpc_page(shard, r, method);
    if (!reads(method)) return refuse_method(g, r, "GET, HEAD");
    if (path == "/favicon.ico") return respond(g, r, 200, {}, {});
    if (path == "/stats") return respond(g, r, 200, kJsonType, g.stats.json(g.http->now_ns(r)));
    return respond(g, r, 200, kJsonType, shard.openapi());
}

}  // namespace microhost::api
