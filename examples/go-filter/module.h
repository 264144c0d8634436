// SPDX-License-Identifier: Apache-2.0
// What filter.go calls: cgo cannot call a function through a table.
#pragma once
#include <microhost/microhost.h>

mh_str request_attribute(mh_req* r, uint32_t which);
mh_str request_header(mh_req* r, mh_str name);
mh_status set_response_header(mh_req* r, mh_str name, mh_str value);
