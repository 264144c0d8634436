// SPDX-License-Identifier: Apache-2.0
/// HTTP headers as metadata of a call: what a service may see of the request.
#pragma once

#include <microhost/http_request.h>

#include <span>

namespace microhost::shared {

/// Room for all that the host keeps of a request's head.
inline constexpr size_t kMaxMetadata = 72;

struct Metadata {
    mh_kv fields[kMaxMetadata];
    uint32_t count = 0;
};

/// True for fields that never become metadata: framing, hop-by-hop, content and Micro's own ones, and what rpc sets itself.
bool is_private_header(const mh_header& h);

/// Fills `out` with views of the headers. Several fields of one name become one, joined in the request's arena; those that
/// Connection nominates are left out.
void collect_metadata(const mh_http_request& http, mh_req* r, std::span<const mh_header> headers,
                      Metadata& out);

}  // namespace microhost::shared
