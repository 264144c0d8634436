// SPDX-License-Identifier: Apache-2.0
// Lets in who bears a signed token (JWT).
#include <microhost/module.hpp>

#include <ctime>

#include "../shared/secret.hpp"
#include "../shared/verified_cache.hpp"
#include "bearer.hpp"
#include "key_source.hpp"
#include "policy.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr const char* kId = "auth-jwt";

double wall_clock() {
    timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// What all loops of an instance share.
struct Instance {
    explicit Instance(const Settings& s)
        : settings(s),
          policy(std::make_shared<const Policy>(s)),
          source(std::make_shared<KeySource>(s)) {
        if (!shared::field_value(s.realm))
            throw mh::failure("realm: it holds control bytes or spaces at its ends", "/realm");
        source->begin();
    }
    const Settings settings;
    const std::shared_ptr<const Policy> policy;
    const std::shared_ptr<KeySource> source;
};

struct JwtFilter : mh::filter<JwtFilter> {
    using config = Settings;
    using shared = Instance;
    static constexpr const char* name = kId;
    static constexpr auto phase = MH_PHASE_AUTHN;
    static constexpr mh::uses<mh_file, mh_health, mh_http_client, mh_json, mh_loop, mh_timer,
                              mh_work>
        needs{};

    explicit JwtFilter(Instance& i)
        : settings_(i.settings),
          policy_(i.policy),
          source_(*i.source),
          keys_(i.source->keys),
          cache_(i.settings.cache_size),
          challenge_("Bearer realm=" + microhost::shared::quoted_string(i.settings.realm)) {}

    mh::verdict on_request(mh::request& r) { return decide(r, true); }

  private:
    using Identity = microhost::shared::Identity;
    using Digest = microhost::shared::Digest;

    /// `may_wait`: newer keys or a worker may be waited for, once.
    mh::verdict decide(mh::request& r, bool may_wait) {
        using microhost::shared::Found;
        std::string text;
        const Found found = find_token(r, settings_, text);
        if (found == Found::none)
            return microhost::shared::refuse(r, 401, kId, "a token is required", challenge_);
        if (found == Found::several)
            return refuse(r, 400, "invalid_request", "there is more than one token");
        const uint32_t seen =
            source_.answers();  // before the keys: what comes later is newer than they are
        const auto keys = keys_.get();
        const auto again = [this](mh::request& later) { return decide(later, false); };
        if (!keys) {
            if (may_wait && source_.wait_for_newer(r, seen, again)) return mh::pending;
            no_keys_.warn(r, "there are no keys yet: requests are answered as on_error says");
            return mh::undecided;
        }
        const Digest key = digest_(keys_.version(), {text});
        const double now = wall_clock();
        if (const auto* who = cache_.find(key, static_cast<uint64_t>(now))) return admit(r, **who);

        Token token;
        const char* why = token.read(text, static_cast<size_t>(settings_.max_token));
        if (!why) why = policy_->refuses(token);
        if (why) return refuse(r, 401, "invalid_token", why);
        const auto candidates = policy_->keys_for(token, *keys);
        if (candidates.empty()) {
            if (may_wait && source_.wait_for_newer(r, seen, again)) return mh::pending;
            if (may_wait && keys_.get() != keys) return decide(r, false);  // they came meanwhile
            return refuse(r, 401, "invalid_token", "its key is not known");
        }
        const bool slow = std::any_of(candidates.begin(), candidates.end(),
                                      [](const Key* k) { return k->slow(); });
        if (!slow || !may_wait) return finish(r, key, now, policy_->check(token, *keys, now));
        return mh::decide_on_worker(
            r, settings_.timeout,
            [policy = policy_, keys, now, token = std::move(token)] {
                return policy->check(token, *keys, now);
            },
            [this, key, now](mh::request& later, Outcome o) {
                return finish(later, key, now, std::move(o));
            });
    }

    mh::verdict finish(mh::request& r, const Digest& key, double now, Outcome o) {
        if (o.why) return refuse(r, 401, "invalid_token", o.why);
        const auto who = std::make_shared<const Identity>(std::move(o.who));
        const auto most =
            static_cast<int64_t>(now + static_cast<double>(settings_.cache_ttl.count()) / 1000);
        cache_.put(key, who, static_cast<uint64_t>(std::min(o.until, most)));
        return admit(r, *who);
    }

    mh::verdict admit(mh::request& r, const Identity& who) {
        for (const auto& [field, claim] : policy_->fields())
            microhost::shared::remove_field(r, field);
        if (!settings_.forward_token && !remove_token(r, settings_)) return mh::undecided;
        return who.apply(r) ? mh::detach : mh::undecided;
    }

    /// RFC 6750 section 3.1. `why` is one of our own texts: no quotes, nothing of the token.
    mh::verdict refuse(mh::request& r, unsigned status, const char* error, const char* why) {
        const std::string challenge =
            challenge_ + ", error=\"" + error + "\", error_description=\"" + why + '"';
        return microhost::shared::refuse(r, status, kId,
                                         "the token is not valid: " + std::string(why), challenge);
    }

    const Settings& settings_;
    std::shared_ptr<const Policy> policy_;
    KeySource& source_;
    mh::published<KeySet>::reader keys_;
    microhost::shared::VerifiedCache<std::shared_ptr<const Identity>> cache_;
    microhost::shared::Digester digest_;
    microhost::shared::Complaint no_keys_;
    std::string challenge_;
};

}  // namespace
}  // namespace microhost::auth_jwt

MH_PLUGIN("auth-jwt", "1.0.0", "Lets in who bears a signed token (JWT)",
          microhost::auth_jwt::JwtFilter)
