// SPDX-License-Identifier: Apache-2.0
/// A unary call on behalf of an HTTP request, answered with what the service says.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "metadata.hpp"

namespace microhost::shared {

/// Lives in the request's arena: gone when the request is.
struct ServiceCall {
    mh_req* request;
    bool* ended;  ///< on the stack while send() runs: the request may be over when it returns
    std::string_view service, endpoint;  ///< in the arena, behind the struct
    std::string_view error_id;           ///< who says what is wrong with the request
    std::string_view answer_type = "application/json";
    uint32_t timeout_ms;
    bool answered = false;
    bool binary = false;              ///< protobuf: the answer is passed on to its last byte
    bool hide_authorization = false;  ///< it was for us

    /// Null over the arena's bound.
    static ServiceCall* make(mh::request r, std::string_view service, std::string_view endpoint);
    /// Every outcome is answered. `address` is a node's, or empty.
    void start(std::string_view address, std::string_view content_type, std::string_view body);
};

/// The request's headers as metadata.
void collect_for_call(mh::request r, bool hide_authorization, Metadata& out);

/// Answers for a request body that did not arrive. False: it did.
bool answer_bad_body(mh::request r, mh_status s, std::string_view id);

}  // namespace microhost::shared
