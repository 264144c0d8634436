// SPDX-License-Identifier: Apache-2.0
/// The PROXY protocol, versions 1 and 2: the first bytes of a connection say who is behind the load balancer.
#pragma once

#include <cstddef>

#include "net/address.hpp"

namespace microhost::net {

struct ProxyHeader {
    Address source, destination;  // len 0: LOCAL or UNKNOWN, the connection's own addresses hold
    size_t size = 0;              // bytes of the header
};

enum class ProxyParse { need_more, done, bad };

/// `data` is all that has come so far. Untrusted; at most 536 bytes are looked at.
ProxyParse parse_proxy_header(const char* data, size_t n, ProxyHeader& out);

}  // namespace microhost::net
