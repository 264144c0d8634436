// SPDX-License-Identifier: Apache-2.0
/// Limits: what one client or upstream may cost. 0 means "no limit" where the comment does not say otherwise.
#pragma once

#include <chrono>
#include <cstdint>

namespace microhost::config {

/// The values here are those of the key table (keys.cpp; a test holds them together). Sizes in bytes.
struct Limits {
    using Milliseconds = std::chrono::milliseconds;

    std::int64_t request_line = 16 * 1024;
    std::int64_t header_bytes = 32 * 1024;
    std::int64_t max_headers = 64;
    std::int64_t body_bytes = 4 * 1024 * 1024;  ///< of a request that is held whole (rpc)
    std::int64_t stream_body_bytes = 0;         ///< of a request that is streamed on
    Milliseconds header_timeout{10'000};        ///< first byte of a request to its empty line
    Milliseconds body_timeout{10'000};          ///< between two pieces of a body
    std::int64_t body_min_rate = 240;           ///< bytes a second
    Milliseconds idle_timeout{60'000};          ///< between two requests
    Milliseconds write_timeout{30'000};         ///< without progress of the client's reading
    std::int64_t max_connections = 0;  ///< of a listener; 0 = chosen from the limit of open files
    std::int64_t max_connections_per_peer = 0;
    std::int64_t max_pipeline_bytes = 64 * 1024;
    std::int64_t websocket_message = 1024 * 1024;
    Milliseconds upstream_connect_timeout{1'000};
    Milliseconds upstream_response_timeout{5'000};
    Milliseconds upstream_idle_timeout{55'000};  ///< of a pooled connection
    std::int64_t upstream_max_idle = 1024;       ///< pooled connections of a node and loop

    bool operator==(const Limits&) const = default;
};

}  // namespace microhost::config
