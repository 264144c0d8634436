// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <microhost/host.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace microhost::bot::slack {
namespace {

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr uint64_t kMostAnswer = 1 << 20;
constexpr std::chrono::seconds kLongestStay{3600};

struct Word {
    std::string_view error, advice;
};
/// What only an operator can mend.
constexpr Word kHopeless[] = {
    {"invalid_auth", "the token is wrong or was revoked; copy it again from the app's page"},
    {"not_authed", "no token was sent"},
    {"account_inactive", "the bot's user was removed, or the app uninstalled; install it again"},
    {"token_revoked", "install the app again and take its new token"},
    {"token_expired", "take a new token"},
    {"no_permission", "the app's scopes do not allow it"},
    {"missing_scope", "add the scope that README.md names to the app and install it again"},
    {"not_allowed_token_type",
     "slack_app_token is the one that begins with xapp-, slack_token the one with xoxb-"},
    {"access_denied", "the workspace does not let this app in"},
    {"team_access_not_granted", "install the app in this workspace"},
    {"enterprise_is_restricted", "the organisation does not let this app in"},
    {"org_login_required", "the workspace is being moved into an organisation"},
    {"ekm_access_denied", "an administrator has taken access away"},
};

const Word* hopeless_word(std::string_view error) {
    const auto it = std::find_if(std::begin(kHopeless), std::end(kHopeless),
                                 [&](const Word& w) { return w.error == error; });
    return it == std::end(kHopeless) ? nullptr : it;
}

std::chrono::seconds seconds_in(std::string_view text) {
    uint32_t n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return std::min(std::chrono::seconds(n), kLongestStay);
}

/// Slack's words for errors are lower case and underscores; what is not is not for a log.
std::string error_word(std::string_view said) {
    const bool plain =
        !said.empty() && said.size() <= 60 &&
        said.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == said.npos;
    return plain ? std::string(said) : "an error without a name";
}

Answer answer_of(const mh::fetched& got) {
    Answer a;
    a.status = got.status, a.code = got.code;
    a.retry_after = seconds_in(got.header("retry-after"));
    if (got.status != MH_OK) return a;
    a.json = mh::json_document(got.body);
    const mh::json_value ok = a.json.root()["ok"];
    if (ok.boolean() == false) a.error = error_word(a.json.root()["error"].string().value_or(""));
    return a;
}

}  // namespace

bool Answer::hopeless() const { return hopeless_word(error) != nullptr; }

std::string Answer::why() const {
    if (const Word* w = hopeless_word(error))
        return "Slack says " + error + ": " + std::string(w->advice);
    if (!error.empty()) return "Slack says " + error;
    switch (status) {
        case MH_OK: break;
        case MH_E_TIMEOUT: return "Slack did not answer in time";
        case MH_E_LIMIT: return "its answer is too long";
        case MH_E_INVALID: return "slack_api or slack_ca_file cannot be used";
        case MH_E_UNAVAILABLE:
        case MH_E_UNREACHABLE: return "no connection, or none that TLS trusts";
        default: return "the connection broke";
    }
    if (code == 429) return "too many requests";
    if (code != 200) return "it answered " + std::to_string(code);
    return "its answer makes no sense";
}

Api::Api(std::string_view base, std::string ca_file, bool debug)
    : ca_file_(std::move(ca_file)), debug_(debug) {
    while (base.ends_with('/')) base.remove_suffix(1);
    const auto url = mh::url::parse(base);
    if (!url || url->target.find('?') != std::string::npos)
        throw mh::failure("slack_api: \"" + std::string(base.substr(0, 80)) +
                              "\" is no address such as https://slack.com/api",
                          "/slack_api");
    base_ = *url;
    if (base_.target == "/") base_.target.clear();
}

Api::Ticket Api::call(std::string_view method, std::string_view token, std::string form,
                      Done done) {
    mh::url where = base_;
    where.target.append("/").append(method);
    return send(method, where, "application/x-www-form-urlencoded", token, form, std::move(done));
}

void Api::post(std::string_view url, std::string json, Done done) {
    const auto where = mh::url::parse(url);
    send("response_url", where && trusts(*where) ? *where : mh::url{},
         "application/json; charset=utf-8", {}, json, std::move(done));
}

Api::Ticket Api::send(std::string_view name, const mh::url& where, std::string_view type,
                      std::string_view token, std::string_view body, Done done) {
    const Ticket ticket = ++tickets_;
    Call& c = calls_[ticket];
    c.name = name, c.done = std::move(done);
    const std::string bearer = "Bearer " + std::string(token);
    const mh_kv headers[] = {{mh::lend("Content-Type"), mh::lend(type)},
                             {mh::lend("Authorization"), mh::lend(bearer)}};
    mh::to_fetch what;
    what.where = where;
    what.method = "POST";
    what.body = body;
    what.headers = {headers, token.empty() ? 1u : 2u};
    what.timeout = kTimeout;
    what.max_response = kMostAnswer;
    if (where.tls) what.tls_ca_file = ca_file_;
    const mh_status s =
        c.fetching.start(what, [this, ticket](const mh::fetched& got) { finish(ticket, got); });
    if (s == MH_OK) return ticket;
    early_.emplace_back(ticket, s);  // told later, as everything else is
    early_timer_.start(std::chrono::milliseconds(0), [this] {
        for (const auto& [t, status] : std::exchange(early_, {})) {
            mh::fetched nothing;
            nothing.status = status;
            finish(t, nothing);
        }
    });
    return ticket;
}

void Api::finish(Ticket ticket, const mh::fetched& got) {
    const auto it = calls_.find(ticket);
    if (it == calls_.end()) return;
    const Call c = std::move(it->second);
    calls_.erase(it);
    const Answer a = answer_of(got);
    if (debug_)
        mh::log::info("slack: a call", {{"method", c.name}, {"answer", a.good() ? "ok" : a.why()}});
    c.done(a);
}

}  // namespace microhost::bot::slack
