// SPDX-License-Identifier: Apache-2.0
/// The tables of http that modules see.
#pragma once

#include <microhost/draft/http_forward.h>
#include <microhost/draft/http_stream.h>
#include <microhost/http_request.h>

namespace microhost::http {

extern const mh_http_request kRequestTable;
extern const mh_http_stream kStreamTable;

}  // namespace microhost::http
