// SPDX-License-Identifier: Apache-2.0
/// Connections between two generations of a module.
#pragma once

#include <cstdint>
#include <string_view>

#include "loop/loop.hpp"
#include "net/connection.hpp"

namespace microhost::net {

/// Keeps it for 30 s, then it is closed. 0: too many are kept already, and this one is closed. Thread: that of the loop.
uint64_t park(Loop& loop, std::string_view module, ConnectionParts parts);
/// False: there is none with that key, or it is another module's. Thread: any.
bool unpark(uint64_t key, std::string_view module, ConnectionParts& out);

}  // namespace microhost::net
