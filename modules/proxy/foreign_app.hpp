// SPDX-License-Identifier: Apache-2.0
/// An app in any language that does not register itself: it is registered on its behalf, for as long as it is healthy.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/watch.hpp>

#include <optional>
#include <vector>

#include "enlisted.hpp"
#include "settings.hpp"

namespace microhost::proxy {

/// Control thread only. Its end takes the app back.
class ForeignApp {
  public:
    /// Registers it: at once, or with a healthcheck_url after the first good answer.
    explicit ForeignApp(const Settings& settings);
    ForeignApp(const ForeignApp&) = delete;
    ForeignApp& operator=(const ForeignApp&) = delete;

  private:
    void check();
    void checked(const mh::fetched& got);
    void register_now();
    void take_back();

    const Settings& settings_;
    Enlisted enlisted_;  ///< its own: the next generation registers the app itself
    std::vector<ServiceRecord> record_;
    std::optional<mh::url> url_;
    mh::fetching fetching_;
    mh::timer timer_;
    bool registered_ = false;
    bool told_ = false;    ///< said that it is not healthy
    unsigned failed_ = 0;  ///< checks in a row
};

/// What a check came to, as one line.
std::string health_text(const mh::fetched& got);

}  // namespace microhost::proxy
