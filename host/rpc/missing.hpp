// SPDX-License-Identifier: Apache-2.0
/// What go-micro says of a call that names nothing; clients show it as it is (sources: captures 06, 41g, 44b).
#pragma once

#include <microhost/draft/rpc_service.h>

#include <string>
#include <string_view>

namespace microhost::rpc {

/// No service of that name is here.
std::string missing_service(std::string_view name);
/// The service has no endpoint of that name.
std::string missing_endpoint(const mh_rpc_service& service, std::string_view endpoint);

/// What a caller is told of a call that ended with `s` (draft/rpc.h, on_end): the service's own text, or Micro's error JSON.
std::string failure_text(mh_status s, std::string_view error, std::string_view service);

}  // namespace microhost::rpc
