// SPDX-License-Identifier: Apache-2.0
/// Micro's wire protocol, the client's side: an HTTP/1.1 POST with Micro-* fields and a bare body.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/upstream.hpp"
#include "registry/snapshot.hpp"

namespace microhost::rpc {

class Engine;

/// Connections to a node; null when it cannot be reached by this process (a name that is not resolved, a protocol that is
/// not spoken).
http::Upstream* upstream_of(Engine& e, const registry::LiveNode& node);

namespace mucp {

struct Request {
    std::string_view service, endpoint, content_type, host, request_id, traceparent;
    uint64_t id = 0;  // unique among the calls in flight on a connection
    uint64_t timeout_ns = 0;
};

/// The head without its length, as go-micro v1.18 sends it (sources: captures 02, 20). Of the metadata, framing, hop-by-hop
/// and Micro-* fields are left out.
void write_request_head(std::string& out, const Request& r, std::span<const mh_kv> metadata);
/// "Content-Length: n" and the empty line.
void finish_request_head(std::string& out, size_t body);

}  // namespace mucp
}  // namespace microhost::rpc
