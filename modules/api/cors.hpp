// SPDX-License-Identifier: Apache-2.0
/// Cross-origin headers (Fetch standard, section 3.2): on "/" always, elsewhere only for configured origins.
#pragma once

#include <array>

#include "gateway.hpp"

namespace microhost::api {

struct CorsHeaders {
    std::array<mh_kv, 6> fields;
    uint32_t count = 0;
};

bool is_preflight(const Gateway& g, mh_req* r, std::string_view method);
mh_status answer_preflight(const Gateway& g, mh_req* r);

/// Sets them on the response before there is one: whoever makes it, the gateway, a service behind it or the host, it has each
/// of them once.
void set_cors_headers(const Gateway& g, mh_req* r);

/// Headers for a response to this request: none without `cors`, without an Origin, or for an origin that is not allowed.
CorsHeaders cors_headers(const Gateway& g, mh_req* r, bool preflight);

/// What Micro 1.18 sends on "/".
CorsHeaders root_cors_headers(const Gateway& g, mh_req* r);

}  // namespace microhost::api
