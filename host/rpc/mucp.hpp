// SPDX-License-Identifier: Apache-2.0
/// Micro's wire protocol, the client's side: an HTTP/1.1 POST with Micro-* fields and a bare body.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "http/h1/hop_by_hop.hpp"
#include "rpc/text.hpp"

namespace microhost::rpc::mucp {

/// Fields that never are metadata of a call: the protocol writes them, or they mean nothing to a service.
inline constexpr http::IdSet kNotMetadata =
    http::joined(http::kMicroFields, http::id_set({
                                         MH_H_HOST,
                                         MH_H_EXPECT,
                                         MH_H_ACCEPT,
                                         MH_H_CONTENT_TYPE,
                                         MH_H_CONTENT_ENCODING,
                                         MH_H_TIMEOUT,
                                         MH_H_X_REQUEST_ID,
                                         MH_H_TRACEPARENT,
                                     }));

/// What the field Micro-Error holds in the message that ends a stream well (go-micro v1.18 server/rpc_stream.go).
inline constexpr std::string_view kEndOfStream = "EOS";

/// What stays the same when a request is sent to another node.
struct Request {
    std::string_view service, endpoint, accept, request_id, traceparent, from_service;
    bool stream = false;  // its messages are told by the id, too
    uint64_t id = 0;      // unique among the calls in flight on a connection
};

/// The fields that go-micro v1.18 sends (sources: captures 02, 20), except those of an attempt. Of the metadata, framing,
/// hop-by-hop and Micro-* fields are left out. The text lies in `out`.
std::string_view write_fields(Text& out, const Request& r, std::span<const mh_kv> metadata);

/// What one attempt adds.
struct Attempt {
    std::string_view host, content_type;
    uint32_t timeout_ms = 0;
    bool for_ever = false;   // no Timeout: a stream without a deadline
    std::string_view error;  // the end of a stream
    size_t body = 0;
};

/// The whole head with `fields` in it; behind it `out` has room for `more` bytes.
std::string_view write_head(Text& out, const Attempt& a, std::string_view fields, size_t more = 0);

}  // namespace microhost::rpc::mucp
