// SPDX-License-Identifier: Apache-2.0
/// Handlers http (= proxy) and web: the request is streamed to a node of the service and its response back; web lets
/// websockets through.
#pragma once

#include "shard.hpp"

namespace microhost::api {

mh_status handle_proxy(Shard& shard, mh_req* r, const Route& route);

}  // namespace microhost::api
