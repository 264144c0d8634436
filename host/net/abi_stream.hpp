// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <microhost/draft/net_stream.h>

namespace microhost::net {

/// mh.net.stream/1. What a module has ends with its shard on that loop, on main with the module.
extern const mh_net kStreamTable;

}  // namespace microhost::net
