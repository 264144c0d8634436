// SPDX-License-Identifier: Apache-2.0
/// One call to a service on behalf of a request, and the answer to every way in which it can fail.
#pragma once

#include <string_view>

#include "../shared/media_type.hpp"
#include "shard.hpp"

namespace microhost::api {

/// Lives in the request's arena, so it is gone when the request is.
struct Exchange {
    Shard* shard;
    mh_req* request;
    mh_rpc_call* call;
    bool*
        ended;  ///< on the stack of start_call while send() runs: the request may be over when send() returns
    const shared::MediaType* media;
    std::string_view service;   ///< in the arena, behind the struct
    std::string_view endpoint;  ///< the same
    std::string_view error_id;
    std::string_view fields;  ///< rpc handler: parameters of the path, as a form; in the arena
    uint32_t timeout_ms;
    bool answered;
    bool json;     ///< api handler: JSON to the service
    bool is_form;  ///< api handler: the body was a form

    const Gateway& gateway() const { return shard->gateway; }
};

/// Null over the arena's bound.
Exchange* make_exchange(Shard& shard, mh_req* r, std::string_view service,
                        std::string_view endpoint);

/// Debug.* tells about a process's inside; Micro let everybody call it.
bool is_internal_endpoint(std::string_view endpoint);

/// Calls the service with the request's headers as metadata. Every failure is answered here or in on_call_end. `address` is a
/// node's, or empty.
void start_call(Exchange& x, const mh_rpc_sink& sink, std::string_view address,
                std::string_view content_type, std::string_view body);

/// Call before the answer to a request is given: afterwards the exchange may be gone.
void mark_answered(Exchange& x);

/// mh_rpc_sink.on_end for all of the gateway's calls.
void on_call_end(void* exchange, mh_rpc_call* c, mh_status s, mh_str error) noexcept;

/// Answers for a call that failed with `s`; `error` as in mh_rpc_sink.on_end.
void answer_failure(Exchange& x, mh_status s, std::string_view error);

/// Answers for a request body that did not arrive. False: it did.
bool answer_bad_body(const Gateway& g, mh_req* r, mh_status s, std::string_view error_id);

/// True for what a go-micro server says instead of an error when it does not know a content type (200, no Micro-Error).
bool is_codec_complaint(const mh_rpc_message& m);

}  // namespace microhost::api
