// SPDX-License-Identifier: Apache-2.0
// Refuses requests that come too fast: 429. The host counts, exactly, over all loops.
#include <microhost/module.hpp>

#include <algorithm>

#include "../shared/ip_address.hpp"
#include "key.hpp"
#include "rate.hpp"

namespace {

using namespace microhost::rate_limit;
using microhost::shared::IpAddress;
using microhost::shared::IpPrefix;

struct rate_limit : mh::filter<rate_limit> {
    struct config {
        std::string_view key;
        mh::json_value rate;
        std::int64_t count;
        std::chrono::milliseconds period;
        std::int64_t burst, max_keys, ipv4_prefix, ipv6_prefix;
        bool headers, dry_run;
        std::vector<std::string_view> exempt;
        static constexpr auto options = mh::options(
            mh::option("key", &config::key, "client-ip",
                       "Whose budget: client-ip, principal, header:NAME, route, route:SEGMENTS; "
                       "several with + between them"),
            mh::option("rate", &config::rate, "", "Requests a second, or such as 100/m or 1000/h")
                .shape(R"("type":["number","string"])"),
            mh::option("count", &config::count, 0, "Instead of rate: so many requests in a period")
                .range(0, 1'000'000'000),
            mh::option("period", &config::period, std::chrono::seconds(0),
                       "The period of count, such as 10m"),
            mh::option("burst", &config::burst, 0,
                       "How many may come at once; 0: as many as the rate or count says")
                .range(0, UINT32_MAX),
            mh::option("ipv4_prefix", &config::ipv4_prefix, 32,
                       "Addresses of IPv4 that share this many bits are one client")
                .range(0, 32),
            mh::option("ipv6_prefix", &config::ipv6_prefix, 64,
                       "Addresses of IPv6 that share this many bits are one client")
                .range(0, 128),
            mh::option("exempt", &config::exempt, "",
                       "Addresses and networks that are never counted"),
            mh::option("headers", &config::headers, false,
                       "Send RateLimit-Limit, -Remaining, -Reset and -Policy"),
            mh::option("dry_run", &config::dry_run, false, "Count and log, but refuse nobody"),
            mh::option("max_keys", &config::max_keys, 0, "How many keys are remembered; 0: 65536")
                .range(0, 1 << 22));
    };
    static constexpr auto phase = MH_PHASE_LIMIT;
    static constexpr mh::uses<mh_limit, mh_metrics> needs{};

    /// What all loops of an instance share.
    struct shared {
        shared(const config& c, const mh_filter_instance& i) : values(c), name(mh::view(i.name)) {
            std::string why;
            key = parse_key(c.key, why);
            if (key.empty()) throw mh::failure(why, "/key");
            read_rate();
            for (const std::string_view text : c.exempt) {
                const auto prefix = IpPrefix::parse(text);
                if (!prefix)
                    throw mh::failure(
                        "exempt: \"" + std::string(text) + "\" is no address or network",
                        "/exempt");
                exempt.push_back(*prefix);
            }
            const mh_status s = mh::use<mh_limit>().open(mh::the_host, name.c_str(),
                                                         static_cast<uint32_t>(c.max_keys), &set);
            if (s != MH_OK) throw mh::failure("the host has no room for another limit", "", s);
            constexpr const char* kLabels[] = {"instance", "outcome"};
            metric = mh::use<mh_metrics>().define(mh::the_host, MH_METRIC_COUNTER,
                                                  "rate_limit_over_total",
                                                  "Requests over the limit", kLabels, 2);
        }
        void read_rate() {
            const bool has_rate = !values.rate.is_null();
            if (has_rate == (values.count != 0))
                throw mh::failure("set either \"rate\" or \"count\" and \"period\"");
            if (!has_rate) {
                if (values.period.count() <= 0)
                    throw mh::failure("period: count needs one, of at least 1ms", "/period");
                rate = {static_cast<uint64_t>(values.count),
                        static_cast<uint64_t>(values.period.count()),
                        static_cast<uint64_t>(values.count)};
            } else {
                const auto text = values.rate.string();
                const auto given =
                    text ? Rate::parse(*text) : Rate::a_second(values.rate.number().value_or(0));
                if (!given)
                    throw mh::failure(
                        "rate: requests a second as a number above 0, or such as \"100/m\", "
                        "\"1000/h\"",
                        "/rate");
                rate = *given;
            }
            const auto burst =
                values.burst ? static_cast<uint64_t>(values.burst) : rate.usual_burst;
            rule = {sizeof rule, static_cast<uint32_t>(std::min<uint64_t>(burst, UINT32_MAX)),
                    rate.count, rate.period_ms};
        }

        config values;
        std::string name;
        std::vector<KeyPart> key;
        std::vector<IpPrefix> exempt;
        Rate rate;
        mh_limit_rule rule{};
        uint64_t set = 0;
        uint32_t metric = 0;
    };

    explicit rate_limit(shared& s) : shared_(s), limit_(std::to_string(s.rule.burst)) {
        for (const KeyPart& k : s.key) ids_.push_back(mh::header_id(k.header));
        policy_ = limit_ + ";w=" + std::to_string(s.rate.seconds_for(s.rule.burst));
        const mh_str labels[] = {mh::lend(s.name),
                                 mh::lend(s.values.dry_run ? "dry_run" : "refused")};
        over_ = mh::use<mh_metrics>().series(mh::the_host, s.metric, labels, 2);
    }

    mh::verdict on_request(mh::request& r) {
        if (!shared_.exempt.empty() && is_exempt(r.client_ip())) return mh::detach;
        read_key(r);
        mh_limit_answer a{};
        a.size = sizeof a;
        const mh_status s =
            mh::use<mh_limit>().take(shared_.set, mh::lend(key_), &shared_.rule, 1, r.now_ns(), &a);
        if (s == MH_E_LIMIT) return over(r, 1000);  // no room for another key
        if (s != MH_OK) return mh::undecided;
        if (!a.allowed) return over(r, a.retry_after_ms);
        if (!shared_.values.headers) return mh::detach;
        r.keep(reinterpret_cast<void*>(static_cast<uintptr_t>(a.remaining + 1)));
        return mh::go_on;
    }

    void on_response(mh::request& r) {
        const auto kept = reinterpret_cast<uintptr_t>(r.kept<void>());
        if (kept == 0) return;  // refused: the fields are there
        const uint64_t remaining = kept - 1;
        const uint64_t taken =
            shared_.rule.burst - std::min<uint64_t>(remaining, shared_.rule.burst);
        r.set_response_header("RateLimit-Limit", limit_);
        r.set_response_header("RateLimit-Remaining", std::to_string(remaining));
        r.set_response_header("RateLimit-Reset", std::to_string(shared_.rate.seconds_for(taken)));
        r.set_response_header("RateLimit-Policy", policy_);
    }

  private:
    bool is_exempt(std::string_view client) const {
        const auto address = IpAddress::parse(client);
        return address && std::any_of(shared_.exempt.begin(), shared_.exempt.end(),
                                      [&](const IpPrefix& p) { return p.contains(*address); });
    }

    /// What a request lacks is replaced by its client, who gets a budget of its own for such requests.
    void read_key(const mh::request& r) {
        key_.clear();
        for (size_t i = 0; i < shared_.key.size(); ++i) {
            const KeyPart& k = shared_.key[i];
            switch (k.kind) {
                case KeyPart::Kind::client_ip: append_client(r); break;
                case KeyPart::Kind::header: {
                    const auto value = ids_[i] ? r.header(ids_[i]) : r.header(k.header);
                    value.empty() ? append_client(r) : append_part(key_, 'h', value);
                    break;
                }
                case KeyPart::Kind::principal: {
                    const mh_principal* p = r.principal();
                    const bool known = p && p->subject.len != 0;
                    known ? append_part(key_, 'p', mh::view(p->subject)) : append_client(r);
                    break;
                }
                case KeyPart::Kind::route:
                    append_part(key_, 'm', r.method());
                    append_part(key_, 'r', first_segments(r.path(), k.segments));
                    break;
            }
        }
    }
    void append_client(const mh::request& r) {
        microhost::rate_limit::append_client(key_, r.client_ip(),
                                             static_cast<unsigned>(shared_.values.ipv4_prefix),
                                             static_cast<unsigned>(shared_.values.ipv6_prefix));
    }

    mh::verdict over(mh::request& r, uint64_t retry_ms) {
        mh::use<mh_metrics>().add(over_, 1);
        if (shared_.values.dry_run) return let_pass(r);
        const std::string seconds = std::to_string(retry_seconds(retry_ms));
        const mh::field fields[] = {{"Retry-After", seconds},
                                    {"RateLimit-Limit", limit_},
                                    {"RateLimit-Remaining", "0"},
                                    {"RateLimit-Reset", seconds},
                                    {"RateLimit-Policy", policy_}};
        const size_t shown = shared_.values.headers ? std::size(fields) : 1;
        return r.respond(429, "application/json",
                         mh::error_json("rate-limit", 429, "too many requests: try again later"),
                         std::span(fields, shown));
    }

    /// At most one line a second: whoever is over the limit must not fill the log.
    mh::verdict let_pass(const mh::request& r) {
        constexpr uint64_t kSecond = 1'000'000'000;
        ++unsaid_;
        if (said_ns_ != 0 && r.now_ns() - said_ns_ < kSecond) return mh::detach;
        said_ns_ = r.now_ns();
        mh::log::info("dry run: requests over the limit passed",
                      {{"filter", shared_.name},
                       {"client", r.client_ip()},
                       {"requests", std::to_string(unsaid_)}});
        unsaid_ = 0;
        return mh::detach;
    }

    shared& shared_;
    std::vector<uint32_t> ids_;  ///< of the header of each part
    std::string key_;            ///< of the request at hand; kept for its memory
    std::string limit_, policy_;
    uint64_t over_ = 0;
    uint64_t said_ns_ = 0, unsaid_ = 0;
};

}  // namespace

MH_PLUGIN("rate-limit", "1.0.0", "Refuses requests that come too fast", rate_limit)
