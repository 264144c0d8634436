// SPDX-License-Identifier: Apache-2.0
/// The reverse proxy to web services (M@v1.18.0 web/web.go).
#pragma once

#include "names.hpp"
#include "web.hpp"

namespace microhost::web {

/// Passes the request on, and the answer back; what there is not is a page that says so.
mh_status to_app(mh::request r, const Settings& s, const Asker& who, AppName app);

}  // namespace microhost::web
