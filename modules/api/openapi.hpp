// SPDX-License-Identifier: Apache-2.0
/// OpenAPI 3.0 from what services registered: every endpoint at the path that reaches it.
#pragma once

#include <string>
#include <string_view>

#include "endpoint_routes.hpp"
#include "gateway.hpp"

namespace microhost::api {

/// The path for which api_route() answers this service (without namespace) and endpoint; empty when there is none.
std::string api_path(std::string_view service, std::string_view endpoint);

std::string openapi_document(const Gateway& g, const mh_registry_view* view,
                             const EndpointRoutes& routes);

}  // namespace microhost::api
