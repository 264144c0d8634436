// SPDX-License-Identifier: Apache-2.0
#include "web.hpp"

namespace microhost::web {

mh_status Web::contribute() {
    handler_ = {sizeof handler_, 0, "web", nullptr, on_request, nullptr, on_done};
    listener_ = settings.contribution("web");
    const mh_host* host = mh::the_host;
    const mh_status s = host->contribute(host, MH_HTTP_HANDLER, &handler_);
    return s == MH_OK ? host->contribute(host, MH_HTTP_LISTENER, &listener_) : s;
}

}  // namespace microhost::web
