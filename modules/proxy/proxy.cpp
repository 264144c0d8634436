// SPDX-License-Identifier: Apache-2.0
#include "proxy.hpp"

namespace microhost::proxy {

Proxy::Proxy(Settings s) : settings(std::move(s)), token_file(settings.token_file) {}

mh_status Proxy::contribute() {
    handler_ = {sizeof handler_, 0, "proxy", nullptr, on_request, nullptr, on_done};
    router.size = sizeof router;
    router.name = "proxy";
    router.on_call = on_call;
    router.on_end = on_call_end;
    listener_ = settings.contribution("proxy");
    const mh_host* host = mh::the_host;
    mh_status s = host->contribute(host, MH_HTTP_HANDLER, &handler_);
    if (s == MH_OK) s = host->contribute(host, MH_RPC_ROUTER, &router);
    if (s == MH_OK) s = host->contribute(host, MH_HTTP_LISTENER, &listener_);
    return s;
}

void Proxy::register_app() {
    if (settings.has_app()) app = std::make_unique<ForeignApp>(settings);
}

void Proxy::drain() {
    app.reset();
    enlisted.close();
}

}  // namespace microhost::proxy
