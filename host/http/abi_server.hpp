// SPDX-License-Identifier: Apache-2.0
/// The table mh.http.server: which listeners are open.
#pragma once

#include <microhost/draft/http_server.h>

#include <string>
#include <vector>

namespace microhost::http {

extern const mh_http_server kServerTable;

struct OpenListener {
    std::string name;
    std::string module;   // whose handler serves it
    std::string address;  // "127.0.0.1:8080": the real port
    bool tls = false;
};

/// What each() tells from now on. Thread: main.
void set_listeners(std::vector<OpenListener> listeners);

}  // namespace microhost::http
