// SPDX-License-Identifier: Apache-2.0
/// What a POST to /rpc asks for: Micro's JSON object or form, with the service, the endpoint (or method), an address and the request.
#pragma once

#include <microhost/draft/json.h>
#include <microhost/draft/registry.h>

#include <string>
#include <string_view>

namespace microhost::shared {

struct RpcRequest {
    std::string service;
    std::string endpoint;
    std::string address;  ///< of one node; empty: any
    std::string request;  ///< JSON
    std::string refusal;  ///< set when the body asks for nothing that can be done
};

/// By the content type: JSON, else a form, whose fields may stand in the query too.
RpcRequest read_rpc_request(const mh_json& json, std::string_view content_type,
                            std::string_view body, std::string_view query);

/// Whether that address is one of the service's nodes: anything else would let a caller reach any address from here.
bool is_node(const mh_registry& registry, const mh_registry_view* now, std::string_view service,
             std::string_view address);

}  // namespace microhost::shared
