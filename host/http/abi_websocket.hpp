// SPDX-License-Identifier: Apache-2.0
/// The table mh.http.websocket.
#pragma once

#include <microhost/draft/http_websocket.h>

namespace microhost::http {

extern const mh_http_websocket kWebsocketTable;

}  // namespace microhost::http
