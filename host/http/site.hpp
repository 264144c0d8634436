// SPDX-License-Identifier: Apache-2.0
/// A listener, as one loop sees it: who may connect, within which bounds, and what its requests pass.
#pragma once

#include <cstdint>
#include <string>

#include "http/head.hpp"
#include "http/limits.hpp"
#include "http/program.hpp"
#include "net/address.hpp"

namespace microhost::http {

class ListenerCounts;

/// What one loop has counted for a listener since the start.
struct SiteFigures {
    uint64_t accepted = 0;
    uint64_t refused = 0, refused_peer = 0;  // max_connections, max_connections_per_peer
    uint64_t handshakes = 0, broken_handshakes = 0;
    uint64_t received = 0, sent = 0;  // bytes, inside TLS
    uint64_t in_flight = 0;           // requests, now

    void add(const SiteFigures& o) {
        accepted += o.accepted;
        refused += o.refused;
        refused_peer += o.refused_peer;
        handshakes += o.handshakes;
        broken_handshakes += o.broken_handshakes;
        received += o.received;
        sent += o.sent;
        in_flight += o.in_flight;
    }
};

struct Site {
    std::string listener, module, address;
    Program* program = nullptr;  // for the requests that begin now
    bool tls = false;
    bool proxy_protocol = false;
    bool speaks_rpc = false;   // Micro-* fields are what its callers say, not what a gateway says
    bool speaks_http = false;  // beside rpc: only who names a service or an endpoint calls
    bool rfc7239 = false;      // Forwarded is set, too, on what goes to an upstream
    bool trust_all = false;    // Unix sockets of ours
    const net::PrefixSet* trusted = nullptr;
    Limits limits;
    ListenerCounts* counts = nullptr;  // null: max_connections is not asked for here
    SiteFigures figures;
    uint32_t pins = 0;  // connections that use it
};

}  // namespace microhost::http
