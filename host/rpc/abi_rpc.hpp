// SPDX-License-Identifier: Apache-2.0
/// mh.rpc/1 as modules see it.
#pragma once

#include <microhost/draft/rpc.h>

namespace microhost::rpc {

extern const mh_rpc kRpcTable;

}  // namespace microhost::rpc
