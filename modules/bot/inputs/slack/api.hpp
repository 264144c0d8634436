// SPDX-License-Identifier: Apache-2.0
/// Calls of Slack's Web API.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/json.hpp>
#include <microhost/watch.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::bot::slack {

/// How a call went.
struct Answer {
    mh_status status = MH_OK;  ///< MH_OK: there is an answer, whatever it says
    unsigned code = 0;
    std::chrono::seconds retry_after{0};  ///< how long Slack wants to be left alone
    std::string error;  ///< Slack's word for what is wrong: "invalid_auth"; or empty
    mh::json_document json;

    bool good() const { return status == MH_OK && code == 200 && error.empty(); }
    /// Another token, or another setting of the app or the workspace, is needed: to try again helps nobody.
    bool hopeless() const;
    bool limited() const {
        return code == 429 || error == "ratelimited" || error == "rate_limited";
    }
    /// Nothing has reached Slack, so the same call can be made again.
    bool unsent() const { return status == MH_E_UNAVAILABLE || status == MH_E_UNREACHABLE; }
    /// As a part of a sentence: "Slack says invalid_auth: ...". Never a token.
    std::string why() const;
};

/// [main]
class Api {
  public:
    using Done = std::function<void(const Answer&)>;

    /// `base`: "https://slack.com/api". Throws mh::failure.
    Api(std::string_view base, std::string ca_file, bool debug);

    using Ticket = uint64_t;  // 0: of no call
    /// `form`: of add_field(). Calls done later, not at all after cancel() or when this is destroyed.
    Ticket call(std::string_view method, std::string_view token, std::string form, Done done);
    /// Sends JSON to an address that Slack gave. The same otherwise.
    void post(std::string_view url, std::string json, Done done);
    void cancel(Ticket t) { calls_.erase(t); }

    const std::string& ca_file() const { return ca_file_; }
    /// An address that Slack may give: with TLS, unless the base of the API is without.
    bool trusts(const mh::url& u) const { return u.tls || !base_.tls; }

  private:
    Ticket send(std::string_view name, const mh::url& where, std::string_view type,
                std::string_view token, std::string_view body, Done done);
    void finish(Ticket ticket, const mh::fetched& got);

    struct Call {
        std::string name;
        mh::fetching fetching;
        Done done;
    };
    mh::url base_;
    std::string ca_file_;
    bool debug_;
    Ticket tickets_ = 0;
    std::map<Ticket, Call> calls_;
    std::vector<std::pair<Ticket, mh_status>> early_;  // failed before anything was sent
    mh::timer early_timer_;
};

}  // namespace microhost::bot::slack
