// SPDX-License-Identifier: Apache-2.0
/// Every bound and deadline of HTTP, with its default.
#pragma once

#include <cstdint>

namespace microhost::http {

struct Limits {
    uint32_t request_line = 16 * 1024;
    uint32_t header_bytes = 32 * 1024;
    uint32_t max_headers = 64;
    uint32_t pipeline_bytes =
        64 * 1024;  // answers that wait for the client before the next request is read
    uint64_t body_bytes = 4 * 1024 * 1024;   // of a body that is collected whole
    uint64_t stream_body_bytes = 0;          // of a body that streams through; 0: no limit
    uint32_t handshake_timeout_ms = 10'000;  // of TLS
    uint32_t header_timeout_ms = 10'000;     // first byte of a head to its last
    uint32_t body_timeout_ms = 10'000;       // window in which body_min_rate must be met
    uint32_t body_min_rate = 240;            // bytes a second
    uint32_t idle_timeout_ms = 60'000;       // kept-alive connection without a request
    uint32_t write_timeout_ms = 30'000;      // no byte taken by the client
    uint32_t connect_timeout_ms = 1'000;
    uint32_t response_timeout_ms = 5'000;  // until the upstream's response head
    uint32_t stream_timeout_ms = 60'000;   // no byte of a response body from the upstream
    uint32_t upstream_idle_timeout_ms = 55'000;
    uint32_t upstream_max_idle = 1024;      // kept connections, per upstream and loop
    uint32_t max_connections = 0;           // per listener; 0: no limit
    uint32_t max_connections_per_peer = 0;  // per listener; 0: no limit
    uint32_t websocket_message = 1024 * 1024;
    uint32_t output_high = 256 * 1024;  // unsent bytes at which the source of a stream is paused
    uint32_t output_low = 64 * 1024;    // and goes on
};

}  // namespace microhost::http
