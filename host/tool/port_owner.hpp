// SPDX-License-Identifier: Apache-2.0
/// Whether an address can be listened on, and who does already.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "net/address.hpp"

namespace microhost::tool {

/// 0 when it is free, else an errno. Nothing listens afterwards.
int try_bind(const net::Address& address);

struct PortOwner {
    pid_t pid = 0;  ///< 0: not to be seen from here
    std::string program;
};

/// The process that listens on that TCP port.
PortOwner owner_of(uint16_t port);

}  // namespace microhost::tool
