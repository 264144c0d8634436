// SPDX-License-Identifier: Apache-2.0
/// Handler api: the whole HTTP request goes to the service as go.api.Request, and go.api.Response comes back.
#pragma once

#include "../shared/api_message.hpp"
#include "shard.hpp"

namespace microhost::api {

mh_status handle_api(Shard& shard, mh_req* r, const Route& route);

/// Canonical spelling of a header name as Go writes it: "x-forwarded-for" -> "X-Forwarded-For".
std::string canonical_name(std::string_view name);

/// All fields of the request that a service may see, each once with its values. Host and X-Forwarded-For are not among them.
std::vector<shared::ApiPair> event_headers(const Gateway& g, mh_req* r);

/// The message for a request; `body` is lent to it.
shared::ApiRequest api_request(const Gateway& g, mh_req* r, std::string_view body);

}  // namespace microhost::api
