// SPDX-License-Identifier: Apache-2.0
/// POST to /[service]/[method]: the path says what is called, and the body is the request.
#pragma once

#include "../shared/head.hpp"
#include "proxy.hpp"

namespace microhost::proxy {

mh_status call_by_path(Shard& shard, mh::request r, std::string_view path, const Head& head);

}  // namespace microhost::proxy
