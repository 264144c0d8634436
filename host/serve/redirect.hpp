// SPDX-License-Identifier: Apache-2.0
/// The plain-text side of a TLS listener: ACME challenges from a folder, a redirect to https for everything else.
#pragma once

#include <microhost/draft/http_handler.h>

#include <cstdint>
#include <string>

namespace microhost::serve {

/// A handler of the host's own. It must outlive the sites that use it.
class Redirect {
  public:
    /// `https_port`: where clients are sent. `acme_webroot`: empty, or a folder with .well-known/acme-challenge below it.
    Redirect(uint16_t https_port, std::string acme_webroot);

    const mh_http_handler* handler() const { return &handler_; }

  private:
    static mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n);
    mh_status answer(mh_req* r) const;
    mh_status challenge(mh_req* r, std::string_view token) const;

    mh_http_handler handler_{};
    uint16_t port_;
    std::string webroot_;
};

}  // namespace microhost::serve
