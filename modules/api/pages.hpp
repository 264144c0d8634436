// SPDX-License-Identifier: Apache-2.0
/// The gateway's own paths: "/", "/favicon.ico", "/openapi.json", and when enabled "/rpc" and "/stats".
#pragma once

#include <string_view>

#include "shard.hpp"

namespace microhost::api {

inline constexpr size_t kLongestPage = 13;  // "/openapi.json"

bool is_page(const Settings& s, std::string_view path);
mh_status answer_page(Shard& shard, mh_req* r, std::string_view method, std::string_view path);

/// "/rpc": calls the service and endpoint named in the body.
mh_status answer_rpc_page(Shard& shard, mh_req* r, std::string_view method);

}  // namespace microhost::api
