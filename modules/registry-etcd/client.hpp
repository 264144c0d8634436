// SPDX-License-Identifier: Apache-2.0
/// Requests to etcd's JSON gateway: which path this version has, the token of a user, what an answer means.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/json.hpp>
#include <microhost/watch.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec.hpp"
#include "endpoints.hpp"
#include "settings.hpp"

namespace microhost::registry_etcd {

struct Answer {
    mh_status status = MH_OK;  ///< MH_OK: there is an answer, whatever it says
    unsigned code = 0;
    size_t endpoint = 0;
    mh::json_document json;
    std::optional<Refusal> refusal;

    bool good() const { return status == MH_OK && code == 200 && json; }
    /// Nobody answered, or one who cannot do anything now: another endpoint may.
    bool unreachable() const { return !good() && (!refusal || refusal->code == kUnavailable); }
    bool refused(std::string_view words) const {
        return refusal && refusal->text.find(words) != std::string::npos;
    }
    /// As a part of a sentence.
    std::string why() const;
};

/// [main]
class Client {
  public:
    using Ticket = uint64_t;
    using Done = std::function<void(const Answer&)>;

    Client(const Settings& settings, Endpoints& endpoints);
    Client(const Client&) = delete;

    /// `path` is what follows "/v3". Calls done once, never before this returns.
    Ticket post(std::string_view path, std::string body, Done done,
                uint64_t max_response = 1 << 20);
    /// 0 and what is over are ignored.
    void cancel(Ticket t);
    void cancel_all();

    void set_password(std::string password) { password_ = std::move(password); }
    const std::string& token() const { return token_; }
    /// The server does not know it any more: the next request gets another one.
    void forget_token() { token_.clear(); }
    /// Whether the next request has to get one first.
    bool wants_token() const { return !settings_.username.empty() && token_.empty() && !auth_off_; }
    /// "/v3", or what an older etcd calls it.
    std::string_view base() const;
    /// Of the newest request that could not even be begun.
    mh_status refused() const { return refused_; }

  private:
    struct Call {
        std::string path, body;
        Done done;
        uint64_t max_response = 0;
        mh::fetching fetching;
        std::string token;
        size_t endpoint = 0, base = 0;
        bool waits = false;    ///< for a token
        bool renewed = false;  ///< a token was asked for because of it
    };
    void begin(Ticket t);
    void send(Ticket t, Call& c);
    void on_fetched(Ticket t, const mh::fetched& got);
    bool again(Ticket t, Call& c, const Answer& a);
    void finish(Ticket t, const Answer& a);
    void authenticate();
    void on_token(const Answer& a);

    const Settings& settings_;
    Endpoints& endpoints_;
    std::string password_, token_;
    std::map<Ticket, std::unique_ptr<Call>> calls_;
    std::vector<std::pair<Ticket, mh_status>> early_;
    mh::timer early_timer_;
    Ticket tickets_ = 0, authenticating_ = 0;
    size_t base_ = 0;
    bool auth_off_ = false;  ///< the server said that it wants no users
    mh_status refused_ = MH_OK;
};

}  // namespace microhost::registry_etcd
