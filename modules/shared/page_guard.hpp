// SPDX-License-Identifier: Apache-2.0
/// Keeps web pages out: what a browser on this machine sends on behalf of a page that its user happens to look at.
///
/// Three doors, because each stands open in some browser: the name in Host (a page can point a name of its own at 127.0.0.1), Origin
/// (every POST, PUT, DELETE and websocket of a page has it), and Sec-Fetch-Site (images, forms and links have that one only).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cors_origins.hpp"

namespace microhost::shared {

/// The name or address of a Host field, in lower case, without port, brackets and the dot at its end.
std::string host_name(std::string_view authority);

/// "localhost", names below it, and loopback addresses.
bool is_loopback_name(std::string_view host);

class PageGuard {
  public:
    /// Names with commas between them. False: one is none, it is in `wrong`.
    bool allow_hosts(std::string_view list, std::string& wrong);
    bool allow_origins(std::string_view list, std::string& wrong);

    /// `local_ip`: what the listener was reached by.
    bool host_allowed(std::string_view authority, std::string_view local_ip) const;
    /// Without asking for the address: what nearly every request has.
    static bool plain_loopback(std::string_view authority);
    bool origin_allowed(std::string_view origin) const;
    /// `origin` may be empty.
    bool fetch_allowed(std::string_view fetch_site, std::string_view origin) const;

  private:
    std::vector<std::string> hosts_;
    CorsOrigins origins_;
};

}  // namespace microhost::shared
