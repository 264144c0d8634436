// SPDX-License-Identifier: Apache-2.0
/// Micro's page /rpc: the body says which endpoint of which service is called (M@v1.18.0 internal/handler/rpc.go). With
/// Accept: application/x-ndjson or as a websocket the endpoint is a stream.
#pragma once

#include <microhost/request.hpp>

#include <cstdint>

namespace microhost::shared {

struct RpcPage {
    uint32_t timeout_ms = 5000;  ///< a Timeout header (seconds) can only shorten it
    uint64_t max_body = 4u << 20;
    bool hide_authorization = false;  ///< it was for us, not for the service
};

/// Answers it; the role has been looked at. `page` lives as long as the module. What a stream keeps is freed by free_ongoing() in
/// on_done.
mh_status answer_rpc(mh::request r, const RpcPage& page);

}  // namespace microhost::shared
