// SPDX-License-Identifier: Apache-2.0
/// From a request's path and host to the service and endpoint it means, without looking at the registry.
#pragma once

#include <string>
#include <string_view>

#include "../shared/paths.hpp"
#include "settings.hpp"

namespace microhost::api {

/// `service` is without the namespace and empty when the request names none. For handlers that call (rpc, api) the endpoint is
/// an RPC endpoint with every resolver; Micro put the HTTP verb there for all but "micro".
shared::RpcName resolve(Resolver resolver, Handler handler, std::string_view host,
                        std::string_view path);

}  // namespace microhost::api
