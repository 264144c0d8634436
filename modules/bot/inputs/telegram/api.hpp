// SPDX-License-Identifier: Apache-2.0
/// Calls of Telegram's Bot API: JSON there and back. The token is a part of the path, so no path ever gets into a log.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/json.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "settings.hpp"

namespace microhost::bot::telegram {

struct Answer {
    mh_status status = MH_OK;  ///< of the way there and back
    unsigned code = 0;
    mh::json_document json;
    int64_t date_s = 0;  ///< the server's clock; 0: it does not say

    bool good() const { return status == MH_OK && code == 200; }
    mh::json_value result() const { return json.root()["result"]; }
    /// Whether the token is none (any more).
    bool unknown_token() const { return status == MH_OK && (code == 401 || code == 404); }
    std::chrono::milliseconds retry_after() const;
    /// What went wrong, as one line; what the server says may be in it, the token is not.
    std::string why() const;
};

/// One call after the other; destroying it ends the one under way. [main]
class Api {
  public:
    using Done = std::function<void(const Answer&)>;
    explicit Api(const Settings& settings) : settings_(settings) {}

    /// False: it could not be begun, and done will not be called.
    bool call(std::string_view method, const std::string& json, std::chrono::milliseconds timeout,
              Done done);
    bool busy() const { return static_cast<bool>(fetching_); }
    void stop() { fetching_ = {}; }

  private:
    const Settings& settings_;
    mh::fetching fetching_;
};

}  // namespace microhost::bot::telegram
