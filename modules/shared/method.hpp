// SPDX-License-Identifier: Apache-2.0
/// Methods that a page does not have.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

namespace microhost::shared {

/// 405 as one line of text (RFC 9110 section 15.5.6 wants Allow).
inline mh_status refuse_method(mh::request r, std::string_view allow) {
    r.respond(405, "text/plain; charset=utf-8", "Method not allowed\n",
              {{"X-Content-Type-Options", "nosniff"}, {"Allow", allow}});
    return MH_OK;
}

}  // namespace microhost::shared
