// SPDX-License-Identifier: Apache-2.0
/// The network interfaces that are up, and who is on the same link as this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/address.hpp"

namespace microhost::net {

/// One address of one interface.
struct LinkAddress {
    uint32_t index = 0;
    std::string name;
    Address address;
    unsigned bits = 0;  ///< of the address that name its network
    bool multicast = false;

    /// Whether `a` belongs to that network.
    bool reaches(const Address& a) const;
};

/// Of the interfaces that are up; empty when the system does not say. Loopback counts as able to multicast: the system delivers
/// within itself. Thread: any.
std::vector<LinkAddress> link_addresses();

}  // namespace microhost::net
