// SPDX-License-Identifier: Apache-2.0
#include "answer.hpp"

#include <algorithm>
#include <string>

#include "../shared/error_json.hpp"
#include "../shared/text.hpp"

namespace microhost::api {

using shared::str;
using shared::view;

mh_status respond(const Gateway& g, mh_req* r, uint32_t status, std::string_view content_type,
                  std::string_view body, std::span<const mh_kv> extra) {
    mh_kv fields[16];
    uint32_t n = 0;
    if (!content_type.empty()) fields[n++] = {str("Content-Type"), str(content_type)};
    for (const mh_kv& field : extra.first(std::min<size_t>(extra.size(), 8))) fields[n++] = field;
    const mh_seg piece = shared::seg(body);
    return g.http->respond(r, status, fields, n, &piece, body.empty() ? 0 : 1);
}

mh_status refuse(const Gateway& g, mh_req* r, uint32_t status, std::string_view id,
                 std::string_view detail, std::span<const mh_kv> extra) {
    return respond(g, r, status, kJsonType, shared::error_json(id, status, detail), extra);
}

mh_status refuse_method(const Gateway& g, mh_req* r, std::string_view allow) {
    const mh_kv header{str("Allow"), str(allow)};
    return refuse(g, r, 405, g.settings.error_id, "Method not allowed", {&header, 1});
}

mh_status refuse_unknown(const Gateway& g, mh_req* r, std::string_view service) {
    const std::string_view path = g.attr(r, MH_ATTR_PATH);
    std::string_view nearest;
    if (!service.empty()) {
        nearest = view(g.registry->nearest(g.registry->now(g.host), str(service)));
    }
    const mh_kv fields[] = {
        {str("service"), str(service)}, {str("nearest"), str(nearest)}, {str("path"), str(path)}};
    g.write_log(r, MH_LOG_INFO, "service not found", fields);
    std::string detail = "service not found";
    if (g.trusted(r) && !service.empty()) {
        detail.append(": ").append(service);
        if (!nearest.empty()) detail.append(" (nearest: ").append(nearest).append(")");
    }
    return refuse(g, r, 404, g.settings.error_id, detail);
}

mh_status refuse_gone(const Gateway& g, mh_req* r, std::string_view service) {
    const mh_kv fields[] = {{str("service"), str(service)}};
    g.write_log(r, MH_LOG_WARN, "service has no live node", fields);
    std::string detail = "service has no live node";
    if (g.trusted(r)) detail.append(": ").append(service);
    return refuse(g, r, 503, g.settings.error_id, detail);
}

}  // namespace microhost::api
