// SPDX-License-Identifier: Apache-2.0
/// /registry: lists, registers and takes back services.
#pragma once

#include "proxy.hpp"

namespace microhost::proxy {

/// GET: all services by name, or with ?service= all versions of one.
mh_status list_services(Shard& shard, mh::request r);

/// POST and DELETE: a service with its nodes; POST with ?ttl= for that long.
mh_status change_services(Shard& shard, mh::request r, const Asker& who, bool remove);

}  // namespace microhost::proxy
