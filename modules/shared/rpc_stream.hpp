// SPDX-License-Identifier: Apache-2.0
/// POST to /rpc with Accept: application/x-ndjson: the endpoint is a stream, and its messages are the lines of the answer. A websocket
/// to /rpc is joined to the stream.
#pragma once

#include <microhost/request.hpp>
#include "rpc_request.hpp"

#include <span>

namespace microhost::shared {

bool wants_stream(const mh::request& r);

/// Sends the request as the stream's only message. An error before the first line is an answer with its status; after it, it is the
/// last line, {"error":{...}}, and the connection is broken off, so that nobody takes the stream for a whole one.
void stream_rpc(mh::request r, const RpcRequest& wanted, std::span<const mh_kv> metadata);

/// What the query names; the client's frames are the stream's messages, behind the wanted request unless it is empty.
void join_rpc(mh::request r, const RpcRequest& wanted, std::span<const mh_kv> metadata);

}  // namespace microhost::shared
