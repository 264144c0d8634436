// SPDX-License-Identifier: Apache-2.0
/// "/_/modules": what is loaded and what it costs, with a button that replaces a module by what is on disk.
#pragma once

#include <microhost/request.hpp>

namespace microhost::web {

/// Asks the control thread; the answer comes later. `may_reload`: there are buttons, with the page's token.
mh_status show_modules(mh::request r, bool may_reload, std::string_view token);
/// POST with a form: id=NAME. The role has been looked at. Leads back to the page, or says why it was refused.
mh_status reload_module(mh::request r, std::string_view who);

}  // namespace microhost::web
