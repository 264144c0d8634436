// SPDX-License-Identifier: Apache-2.0
#include "apps_origin.hpp"

#include <microhost/draft/http_server.h>

#include <charconv>
#include <string_view>

namespace microhost::web {
namespace {

uint32_t port_of(std::string_view address) {
    const size_t colon = address.rfind(':');
    uint32_t port = 0;
    if (address.starts_with("unix:") || colon == address.npos) return 0;
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
    return port;
}

std::string origin(const mh::request& r, uint32_t port) {
    if (port == 0) return {};
    std::string host = shared::host_name(r.attribute(MH_ATTR_AUTHORITY));
    if (host.empty()) return {};
    if (host.find(':') != host.npos) host = "[" + host + "]";
    return std::string(r.attribute(MH_ATTR_SCHEME)) + "://" + host + ":" + std::to_string(port);
}

}  // namespace

AppsOrigin::AppsOrigin(const Settings& s)
    : wanted_(!s.proxy_address.empty()),
      apps_port_(port_of(s.proxy_address)),
      dashboard_port_(port_of(s.address)) {
    if (wanted_ && (apps_port_ == 0 || dashboard_port_ == 0)) find_ports();
}

// Where the operator let the system choose.
void AppsOrigin::find_ports() {
    mh::use<mh_http_server>().each(
        mh::the_host,
        [](void* user, mh_str name, mh_str, mh_str address, uint32_t) {
            auto& self = *static_cast<AppsOrigin*>(user);
            const uint32_t port = port_of(mh::view(address));
            if (mh::view(name) == kAppsListener) self.apps_port_ = port;
            if (mh::view(name) == "web") self.dashboard_port_ = port;
        },
        this);
    if (apps_port_ && dashboard_port_) return;
    look_again_.start(std::chrono::milliseconds(100), [this] { find_ports(); });
}

std::string AppsOrigin::of(const mh::request& r) const {
    return wanted_ ? origin(r, apps_port_) : std::string();
}

std::string AppsOrigin::dashboard(const mh::request& r) const { return origin(r, dashboard_port_); }

}  // namespace microhost::web
