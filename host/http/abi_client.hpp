// SPDX-License-Identifier: Apache-2.0
/// The table mh.http.client.
#pragma once

#include <microhost/draft/http_client.h>

namespace microhost::http {

extern const mh_http_client kClientTable;

}  // namespace microhost::http
