// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <microhost/draft/net_udp.h>

namespace microhost::net {

/// mh.net.udp/1. Sockets end with the module's shard on their loop, those of main with the module.
extern const mh_net_udp kUdpTable;

}  // namespace microhost::net
