// SPDX-License-Identifier: Apache-2.0
/// Handler rpc: the request's body (or query) is the request of a call, its answer the response. A websocket to an endpoint that
/// streams is joined to it.
#pragma once

#include <span>
#include <string_view>

#include "shard.hpp"

namespace microhost::api {

mh_status handle_rpc(Shard& shard, mh_req* r, const Route& route, std::string_view method,
                     std::span<const mh_header> headers);

}  // namespace microhost::api
