// SPDX-License-Identifier: Apache-2.0
/// mh.http.forward/1 as modules see it: where a request is streamed to is an address, or a service of the registry.
#pragma once

#include <microhost/draft/http_forward.h>

namespace microhost::rpc {

extern const mh_http_forward kForwardTable;

}  // namespace microhost::rpc
