// SPDX-License-Identifier: Apache-2.0
#include "policy.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "claims.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr double kForEver = 4e18;  // still a whole number of seconds

bool accepts_type(const std::vector<std::string>& types, std::string_view type) {
    constexpr std::string_view kPrefix = "application/";
    if (type.size() > kPrefix.size() && shared::iequals(type.substr(0, kPrefix.size()), kPrefix))
        type.remove_prefix(kPrefix.size());
    if (types.empty())
        return type.empty() || shared::iequals(type, "JWT") || shared::iequals(type, "at+jwt");
    return std::any_of(types.begin(), types.end(),
                       [&](auto& t) { return shared::iequals(t, type); });
}

}  // namespace

Policy::Policy(const Settings& s)
    : settings_(s), leeway_(static_cast<double>(s.leeway.count()) / 1000) {
    std::vector<std::string> names = s.algorithms;
    if (names.empty() && s.secret_file.empty())
        names = {"RS256", "RS384", "RS512", "PS256", "ES256", "ES384"};
    if (names.empty()) names = {"HS256"};
    for (const std::string& name : names) {
        const Algorithm* a = find_algorithm(name);
        if (!a)
            throw mh::failure("algorithms: " + name +
                                  " is not supported; there are HS256, HS384, HS512, RS256, RS384, "
                                  "RS512, PS256, ES256 and ES384",
                              "/algorithms");
        if (a->kind == KeyKind::secret && !s.keys_url.empty())
            throw mh::failure("algorithms: " + name + " needs a secret, and keys_url has none",
                              "/algorithms");
        algorithms_.push_back(a);
    }
    for (const std::string& line : s.headers) {
        const size_t colon = line.find(':');
        const std::string field(shared::trim(line.substr(0, colon)));
        const std::string claim(
            colon == line.npos ? "" : shared::trim(std::string_view(line).substr(colon + 1)));
        if (claim.empty() || !shared::settable_field(field))
            throw mh::failure("headers: \"" + line +
                                  "\" is no \"FIELD: CLAIM\" with a field that a filter can set",
                              "/headers");
        fields_.emplace_back(field, claim);
    }
    any_audience_ = std::find(s.audience.begin(), s.audience.end(), "*") != s.audience.end();
}

const char* Policy::refuses(const Token& t) const {
    const bool known = std::any_of(algorithms_.begin(), algorithms_.end(),
                                   [&](auto* a) { return a->name == t.algorithm(); });
    if (!known) return "its algorithm is not accepted";
    return accepts_type(settings_.typ, t.type()) ? nullptr : "its typ is not accepted";
}

std::vector<const Key*> Policy::keys_for(const Token& t, const KeySet& keys) const {
    for (const Algorithm* a : algorithms_) {
        if (a->name == t.algorithm()) return keys.find(*a, t.key_id());
    }
    return {};
}

Outcome Policy::check(const Token& t, const KeySet& keys, double now) const {
    if (const char* why = refuses(t)) return Outcome::bad(why);
    const Algorithm* a = find_algorithm(t.algorithm());
    const auto candidates = keys_for(t, keys);
    const bool genuine = std::any_of(candidates.begin(), candidates.end(), [&](const Key* k) {
        return k->verifies(*a, t.signed_text(), t.signature());
    });
    if (!genuine) return Outcome::bad("its signature is not valid");
    mh::json_document document;
    if (!t.claims(document)) return Outcome::bad("its claims are no JSON object");
    const mh::json_value claims = document.root();
    Outcome out;
    double until = 0;
    out.why = check_times(claims, now, until);
    if (!out.why) out.why = check_names(claims);
    if (!out.why) out.why = introduce(claims, out.who);
    out.until = static_cast<int64_t>(until);
    return out;
}

const char* Policy::check_times(mh::json_value claims, double now, double& until) const {
    until = kForEver;
    if (const mh::json_value exp = claims["exp"]; !exp.is_null()) {
        const auto seconds = claim_time(exp);
        if (!seconds) return "exp is no number";
        if (now >= *seconds + leeway_) return "it has expired";
        until = std::min(until, *seconds + leeway_);
    } else if (settings_.require_exp) {
        return "it has no exp";
    }
    if (const mh::json_value nbf = claims["nbf"]; !nbf.is_null()) {
        const auto seconds = claim_time(nbf);
        if (!seconds) return "nbf is no number";
        if (now + leeway_ < *seconds) return "it is not valid yet";
    }
    return nullptr;
}

const char* Policy::check_names(mh::json_value claims) const {
    const mh::json_value issuer = claims["iss"], audience = claims["aud"];
    if (!settings_.issuer.empty() && issuer.string() != settings_.issuer)
        return "its issuer is not accepted";
    // Without an audience of ours a token that names one is meant for somebody else (RFC 7519 section 4.1.3).
    const bool for_us =
        settings_.audience.empty() ? audience.is_null() : claim_names(audience, settings_.audience);
    if (!any_audience_ && !for_us) return "its audience is not accepted";
    for (const std::string& name : settings_.required_claims) {
        if (claim_at(claims, name).is_null()) return "a required claim is missing";
    }
    return nullptr;
}

const char* Policy::introduce(mh::json_value claims, shared::Identity& who) const {
    const auto subject = claim_text(claim_at(claims, settings_.subject_claim));
    if (!subject || subject->empty()) return "it does not say whose it is";
    who.subject = *subject;
    who.issuer = claim_text(claims["iss"]).value_or("auth-jwt");
    who.roles = claim_words(claim_at(claims, settings_.roles_claim));
    for (const std::string& name : settings_.claims) {
        if (auto text = claim_text(claim_at(claims, name)))
            who.claims.emplace_back(name, std::move(*text));
    }
    for (const auto& [field, name] : fields_) {
        const mh::json_value claim = claim_at(claims, name);
        if (claim.is_null()) continue;
        auto text = claim_text(claim);
        if (!text) return "a claim cannot be the value of a field";
        who.fields.emplace_back(field, std::move(*text));
    }
    return nullptr;
}

}  // namespace microhost::auth_jwt
