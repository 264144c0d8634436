// SPDX-License-Identifier: Apache-2.0
/// Entry of every request: built-in pages, then the route's handler.
#pragma once

#include <microhost/draft/http_handler.h>

namespace microhost::api {

mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n) noexcept;
void on_done(void* shard, void* user, mh_req* r, mh_status outcome) noexcept;

}  // namespace microhost::api
