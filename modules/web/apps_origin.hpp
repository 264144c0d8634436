// SPDX-License-Identifier: Apache-2.0
/// The listener of their own that web services may have: where it is for who asks.
#pragma once

#include <microhost/request.hpp>
#include <microhost/watch.hpp>

#include <atomic>
#include <string>

#include "settings.hpp"

namespace microhost::web {

inline constexpr const char* kAppsListener = "web-apps";

class AppsOrigin {
  public:
    /// [main]
    explicit AppsOrigin(const Settings& s);

    bool wanted() const { return wanted_; }
    /// Whether the request came there.
    bool has(const mh::request& r) const {
        return wanted_ && r.attribute(MH_ATTR_LISTENER) == kAppsListener;
    }
    /// "http://NAME:PORT" with the name that the request asked us by; empty without such a listener.
    std::string of(const mh::request& r) const;
    /// The dashboard's, likewise.
    std::string dashboard(const mh::request& r) const;

  private:
    void find_ports();

    const bool wanted_;
    std::atomic<uint32_t> apps_port_{0}, dashboard_port_{0};
    mh::timer look_again_;  ///< listeners are bound after the module's start
};

}  // namespace microhost::web
