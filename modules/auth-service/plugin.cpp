// SPDX-License-Identifier: Apache-2.0
// Lets in whom an ordinary service lets in.
#include <microhost/module.hpp>

#include "../shared/verified_cache.hpp"
#include "decision.hpp"
#include "question.hpp"

namespace microhost::auth_service {
namespace {

constexpr const char* kId = "auth-service";
/// The call ends first: its error says more than the end of the suspension.
constexpr std::chrono::milliseconds kGrace{500};

/// Checked once for all loops.
struct Instance {
    explicit Instance(const Settings& s) : settings(s) {
        if (s.service.empty()) throw mh::failure("service: name the service to ask", "/service");
        for (const auto* list : {&s.headers, &s.cache_by, &s.strip_headers}) {
            for (const std::string& name : *list) {
                if (!shared::settable_field(name))
                    throw mh::failure("\"" + name + "\" cannot be the name of a field here",
                                      list == &s.headers    ? "/headers"
                                      : list == &s.cache_by ? "/cache_by"
                                                            : "/strip_headers");
            }
        }
    }
    const Settings settings;
};

struct ServiceFilter : mh::filter<ServiceFilter> {
    using config = Settings;
    using shared = Instance;
    static constexpr const char* name = kId;
    static constexpr auto phase = MH_PHASE_AUTHN;
    static constexpr mh::uses<mh_json, mh_rpc> needs{};

    explicit ServiceFilter(Instance& i) : settings_(i.settings), cache_(i.settings.cache_size) {}

    mh::verdict on_request(mh::request& r) {
        const std::string asked = question(r, settings_);
        std::optional<Digest> key;
        if (settings_.cache_ttl.count() > 0) {
            key = cache_key(r, settings_, asked, digest_);
            const auto* known = key ? cache_.find(*key, r.now_ns()) : nullptr;
            if (known) return admit(r, **known);
        }
        // First: an answer from this process comes inside call().
        mh::waiting w(r, settings_.timeout + kGrace);
        if (!w) return mh::undecided;
        const mh::call_to to{.service = settings_.service,
                             .endpoint = settings_.endpoint,
                             .body = asked,
                             .timeout_ms = static_cast<uint32_t>(settings_.timeout.count())};
        // The request lends its ids, but no deadline that its client has shortened: where on_error lets requests pass, a short
        // one would be a way in.
        mh_req* const lender = r.time_left_ms() < to.timeout_ms ? nullptr : r.raw();
        const mh_status opened =
            mh::call(lender, to, [this, key, w = std::move(w)](const mh::reply& reply) mutable {
                w.decide([this, key, status = reply.status, body = std::string(reply.body)](
                             mh::request& later) { return decide(later, key, status, body); });
            });
        if (opened == MH_OK) return mh::pending;
        return undecided(
            r, opened == MH_E_NOT_FOUND ? "there is no such service" : "it has no live node");
    }

  private:
    using Digest = microhost::shared::Digest;
    using Identity = microhost::shared::Identity;

    mh::verdict decide(mh::request& r, const std::optional<Digest>& key, mh_status status,
                       std::string_view body) {
        if (status != MH_OK)
            return undecided(r, status == MH_E_TIMEOUT   ? "it did not answer in time"
                                : status == MH_E_INVALID ? "it answered with an error"
                                                         : "the call failed");
        std::string why;
        auto d = Decision::read(body, why);
        if (!d) return undecided(r, why);
        if (!d->allow) return refuse(r, *d);
        const auto who = std::make_shared<const Identity>(std::move(d->who));
        if (key)
            cache_.put(*key, who,
                       r.now_ns() + static_cast<uint64_t>(settings_.cache_ttl.count()) * 1'000'000);
        return admit(r, *who);
    }

    mh::verdict admit(mh::request& r, const Identity& who) {
        for (const std::string& field : settings_.strip_headers)
            microhost::shared::remove_field(r, field);
        return who.apply(r) ? mh::detach : mh::undecided;
    }

    mh::verdict refuse(mh::request& r, const Decision& d) {
        for (const auto& [field, value] : d.who.fields) r.set_response_header(field, value);
        return r.respond_error(d.status, kId, d.message.empty() ? "access is denied" : d.message);
    }

    mh::verdict undecided(mh::request& r, std::string_view why) {
        complaint_.warn(r, settings_.service + " " + settings_.endpoint + ": " + std::string(why) +
                               "; requests are answered as on_error says");
        return mh::undecided;
    }

    const Settings& settings_;
    microhost::shared::VerifiedCache<std::shared_ptr<const Identity>> cache_;
    microhost::shared::Digester digest_;
    microhost::shared::Complaint complaint_;
};

}  // namespace
}  // namespace microhost::auth_service

MH_PLUGIN("auth-service", "1.0.0", "Lets in whom an ordinary service lets in",
          microhost::auth_service::ServiceFilter)
