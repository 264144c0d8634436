// SPDX-License-Identifier: Apache-2.0
/// /health: of the foreign app, if there is one, else of the proxy.
#pragma once

#include "proxy.hpp"

namespace microhost::proxy {

mh_status answer_health(Shard& shard, mh::request r);

}  // namespace microhost::proxy
