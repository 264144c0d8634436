// SPDX-License-Identifier: Apache-2.0
/// "/_/config" without script: the configuration that is in force.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

namespace microhost::web {

/// Those of its values of which the path contains `part`. Secrets are not shown.
mh_status show_config(mh::request r, std::string_view part);

}  // namespace microhost::web
