// SPDX-License-Identifier: Apache-2.0
/// A client's websocket joined to an endpoint that streams: each message of the one is a message of the other (go-micro v1.18's
/// gateway, api/handler/rpc/stream.go).
#pragma once

#include <microhost/draft/http_websocket.h>
#include <microhost/draft/json.h>
#include <microhost/draft/rpc.h>

#include <string_view>

namespace microhost::shared {

/// Tables of the host that it works with; they outlive it.
struct StreamSocketHost {
    const mh_host* host;
    const mh_rpc* rpc;
    const mh_http_websocket* websocket;
    const mh_json* json;
};

/// MH_OK: the request is a websocket from now on, and `first`, unless it is empty, was sent as the stream's first message. Frames
/// are text, or binary where the content type is protobuf. The end of the stream closes with 1000; an error with 1011 and what the
/// service said; a client that sends faster than the service takes is let go with 1008. A client that leaves ends the call.
/// Otherwise: what mh_rpc.open said, nothing is answered; MH_E_INVALID: this is no correct upgrade, nothing is answered;
/// MH_E_GONE: it is answered.
mh_status join_stream(const StreamSocketHost& host, mh_req* r, mh_rpc_target target,
                      std::string_view first);

}  // namespace microhost::shared
