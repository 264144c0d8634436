// SPDX-License-Identifier: Apache-2.0
/// Services as Micro's JSON, and as pages that need no script.
#pragma once

#include "web.hpp"

namespace microhost::web {

/// "/": the web services of the namespace.
mh_status show_apps(mh::request r, const Settings& s);
/// "/services" and "/registry": all services; `filter` is part of the names that are shown.
mh_status show_services(mh::request r, std::string_view filter);
/// "/service/NAME" and "/registry?service=NAME": all versions of one.
mh_status show_service(mh::request r, std::string_view name);

}  // namespace microhost::web
