// SPDX-License-Identifier: Apache-2.0
#include "cors.hpp"

#include "../shared/text.hpp"

namespace microhost::api {
namespace {

using shared::str;

constexpr std::string_view kMethods = "POST, PATCH, GET, OPTIONS, PUT, DELETE";
constexpr std::string_view kHeaders =
    "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization";

void add(CorsHeaders& out, std::string_view name, std::string_view value) {
    out.fields[out.count++] = {str(name), str(value)};
}

void add_lists(CorsHeaders& out) {
    add(out, "Access-Control-Allow-Methods", kMethods);
    add(out, "Access-Control-Allow-Headers", kHeaders);
}

}  // namespace

bool is_preflight(const Gateway& g, mh_req* r, std::string_view method) {
    return method == "OPTIONS" && !g.header(r, MH_H_ORIGIN).empty();
}

CorsHeaders cors_headers(const Gateway& g, mh_req* r, bool preflight) {
    CorsHeaders out;
    const Settings& s = g.settings;
    if (!s.cors()) return out;
    const std::string_view origin = g.header(r, MH_H_ORIGIN);
    const bool any = s.cors_origins.any();
    const bool listed = s.cors_origins.lists(origin);
    if (!any) add(out, "Vary", "Origin");
    if (origin.empty() || (!listed && !any)) return out;
    add(out, "Access-Control-Allow-Origin", listed ? origin : "*");
    // Never together with "*": that would hand a user's cookies to every page.
    if (listed) add(out, "Access-Control-Allow-Credentials", "true");
    if (preflight) add_lists(out);
    return out;
}

void set_cors_headers(const Gateway& g, mh_req* r) {
    const CorsHeaders cors = cors_headers(g, r, false);
    // An origin that is not listed is not let in by a service either.
    for (const std::string_view name :
         {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"}) {
        if (g.header(r, MH_H_ORIGIN).empty()) break;
        g.http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_REMOVE, str(name), {});
    }
    for (uint32_t i = 0; i < cors.count; ++i) {
        const mh_kv& field = cors.fields[i];
        const bool list = shared::view(field.key) == "Vary";  // the service's own stay
        g.http->header_edit(r, MH_DIR_RESPONSE, list ? MH_EDIT_ADD : MH_EDIT_SET, field.key,
                            field.val);
    }
}

CorsHeaders root_cors_headers(const Gateway& g, mh_req* r) {
    CorsHeaders out;
    const std::string_view origin = g.header(r, MH_H_ORIGIN);
    add(out, "Access-Control-Allow-Origin", origin.empty() ? "*" : origin);
    add_lists(out);
    return out;
}

mh_status answer_preflight(const Gateway& g, mh_req* r) {
    const CorsHeaders h = cors_headers(g, r, true);
    return g.http->respond(r, 200, h.fields.data(), h.count, nullptr, 0);
}

}  // namespace microhost::api
