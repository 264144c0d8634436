// SPDX-License-Identifier: Apache-2.0
/// Sending a request on to an upstream and streaming the answer back, from a handler. The module needs mh::uses<mh_http_forward>.
#pragma once

#include <microhost/request.hpp>

namespace mh {

/// Where to; everything is copied by forward(). Either `address` or `service` is set.
struct forward_to {
    string_view address;       ///< "host:port" or "unix:/path"
    string_view service;       ///< a name in the registry: a live node is selected
    string_view version = {};  ///< of the service; empty: any
    string_view path = {};     ///< instead of the request's; the query stays
    bool tls = false;
    bool keep_host = true;             ///< send the client's Host on
    bool upgrade = true;               ///< let websockets through
    uint32_t connect_timeout_ms = 0;   ///< 0: the configured one
    uint32_t response_timeout_ms = 0;  ///< until the head of the response; 0: the configured one
    std::span<const mh_kv> set_headers = {};
};

/// MH_E_NOT_FOUND (no such service) and MH_E_UNAVAILABLE (no live node): nothing was begun, answer yourself. What the upstream
/// fails at later is answered by the host: 502 or 504 with the error JSON.
inline mh_status forward(request& r, const forward_to& to) {
    mh_http_forward_to t{};
    t.size = sizeof t;
    t.flags = (to.tls ? MH_FORWARD_TLS : 0) | (to.keep_host ? MH_FORWARD_KEEP_HOST : 0) |
              (to.upgrade ? MH_FORWARD_UPGRADE : 0);
    t.address = lend(to.address);
    t.service = lend(to.service);
    t.version = lend(to.version);
    t.path = lend(to.path);
    t.connect_timeout_ms = to.connect_timeout_ms;
    t.response_timeout_ms = to.response_timeout_ms;
    t.set_headers = to.set_headers.data();
    t.n_set_headers = static_cast<uint32_t>(to.set_headers.size());
    return use<mh_http_forward>().forward(r.raw(), &t);
}

}  // namespace mh
