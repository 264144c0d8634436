// SPDX-License-Identifier: Apache-2.0
/// What whoever called over HTTP is told when the call came to nothing.
#pragma once

#include <microhost/base.h>

#include <string>
#include <string_view>

namespace microhost::shared {

struct Failure {
    unsigned status;
    std::string json;  ///< Micro's error object
};

/// `s` and `error` as in mh_rpc_sink.on_end, or what open() said. `id` names who says it, unless the service did.
Failure failure_of(mh_status s, std::string_view error, std::string_view service,
                   std::string_view id);

}  // namespace microhost::shared
