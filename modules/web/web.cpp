// SPDX-License-Identifier: Apache-2.0
#include "web.hpp"

#include <microhost/draft/loop.h>

namespace microhost::web {

mh_status Web::contribute() {
    handler_ = {sizeof handler_, 0, "web", nullptr, on_request, nullptr, on_done};
    listener_ = settings.contribution("web");
    const mh_host* host = mh::the_host;
    const mh_status s = host->contribute(host, MH_HTTP_HANDLER, &handler_);
    return s == MH_OK ? host->contribute(host, MH_HTTP_LISTENER, &listener_) : s;
}

void Web::drain() {
    const auto close = [](void* shard, void*) {
        mh::guarded("drain",
                    [&] { return static_cast<Shard*>(shard)->streams.close_all(), MH_OK; });
    };
    mh::use<mh_loop>().broadcast(mh::the_host, close, nullptr, nullptr);
}

}  // namespace microhost::web
