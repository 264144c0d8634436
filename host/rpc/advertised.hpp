// SPDX-License-Identifier: Apache-2.0
/// Under which address a listener is announced, so that others reach it. Micro's rule: what the operator says, else what is
/// listened on; for "every interface" the first private address of this machine, else a public one, else loopback.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"

namespace microhost::rpc {

/// Addresses of the interfaces that are up, in the system's order.
std::vector<net::Address> interface_addresses();

/// "host:port". `advertise` is "host", "host:port" or empty. Errors: a listener that has no such address (a Unix socket), an
/// `advertise` that is none.
Result<std::string> advertised_address(const net::Address& listening, std::string_view advertise,
                                       std::span<const net::Address> interfaces);

}  // namespace microhost::rpc
