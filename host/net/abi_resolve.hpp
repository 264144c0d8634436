// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <microhost/draft/net_resolve.h>

namespace microhost::net {

/// mh.net.resolve/1. Lookups end with the module's shard on their loop, those of main with the module.
extern const mh_net_resolve kResolveTable;

}  // namespace microhost::net
