// SPDX-License-Identifier: Apache-2.0
/// Micro's wire protocol, the client's side: an HTTP/1.1 POST with Micro-* fields and a bare body.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace microhost::rpc::mucp {

/// What stays the same when a request is sent to another node.
struct Request {
    std::string_view service, endpoint, accept, request_id, traceparent, from_service;
    uint64_t id = 0;  // unique among the calls in flight on a connection
};

/// Appends the fields that go-micro v1.18 sends (sources: captures 02, 20), except those of an attempt. Of the metadata,
/// framing, hop-by-hop and Micro-* fields are left out.
void write_fields(std::string& out, const Request& r, std::span<const mh_kv> metadata);

/// What one attempt adds.
struct Attempt {
    std::string_view host, content_type;
    uint64_t timeout_ns = 0;
    size_t body = 0;
};

/// Appends the whole head with `fields` in it.
void write_head(std::string& out, const Attempt& a, std::string_view fields);

}  // namespace microhost::rpc::mucp
