// SPDX-License-Identifier: Apache-2.0
/// What a module's HTTP request says: where it goes, and its bytes.
#pragma once

#include <microhost/draft/http_client.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"
#include "net/address.hpp"

namespace microhost::http {

class Engine;

/// Where a request goes.
struct Place {
    std::string
        host;  // without port and brackets; a name that is to be resolved while `addresses` is empty
    uint16_t port = 0;
    bool is_unix = false;
    std::vector<net::Address> addresses;
};

/// "127.0.0.1:80", "[::1]:80", "example.org:80", "unix:/path". False when it is none of them.
bool parse_place(std::string_view text, Place& out);
/// "example.org" of "example.org:443", "::1" of "[::1]:443".
std::string_view host_of(std::string_view authority);
Method method_of_call(std::string_view text);

/// Head and body. MH_E_INVALID: something in it has no place in a request; MH_E_LIMIT: too many fields, or too long.
mh_status write_request(const mh_http_out& out, std::string_view authority, Engine& e,
                        std::string& request);

/// A request for a websocket: no body, `key`, and the subprotocols `offered`, if there are any.
mh_status write_upgrade(const mh_http_out& out, std::string_view authority, std::string_view key,
                        std::string_view offered, Engine& e, std::string& request);

}  // namespace microhost::http
