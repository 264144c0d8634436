// SPDX-License-Identifier: Apache-2.0
/// The plain-text side of a TLS listener: ACME challenges from a folder, a redirect to https for everything else.
#pragma once

#include <microhost/draft/http_handler.h>

#include <cstdint>
#include <memory>
#include <string>

namespace microhost::serve {

struct SitePlan;

/// A handler of the host's own. It must outlive the programs that use it.
class Redirect {
  public:
    /// `https`: where clients are sent; its port is known when it is open. `acme_webroot`: empty, or a folder with .well-known/acme-challenge below it.
    Redirect(std::shared_ptr<const SitePlan> https, std::string acme_webroot);

    const mh_http_handler* handler() const { return &handler_; }

  private:
    static mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n);
    mh_status answer(mh_req* r) const;
    mh_status challenge(mh_req* r, std::string_view token) const;

    mh_http_handler handler_{};
    std::shared_ptr<const SitePlan> https_;
    std::string webroot_;
};

}  // namespace microhost::serve
