// SPDX-License-Identifier: Apache-2.0
/// /rpc and /[service]/[method]: HTTP requests that become calls.
#pragma once

#include "../shared/head.hpp"
#include "proxy.hpp"

namespace microhost::proxy {

/// POST to /rpc: the body says what is called.
mh_status call_by_body(Shard& shard, mh::request r);

/// POST to /[service]/[method]: the path does, and the body is the request.
mh_status call_by_path(Shard& shard, mh::request r, std::string_view path, const Head& head);

}  // namespace microhost::proxy
