// SPDX-License-Identifier: Apache-2.0
/// The options of the filter: names, defaults and texts.
#pragma once

#include <microhost/options.hpp>

namespace microhost::auth_jwt {

struct Settings {
    using ms = std::chrono::milliseconds;
    using list = std::vector<std::string>;

    std::string keys_file, keys_url, secret_file, issuer, subject_claim, roles_claim, cookie, query,
        realm;
    list algorithms, audience, typ, required_claims, claims, headers;
    bool allow_http, require_exp, forward_token;
    ms leeway, cache_ttl, refresh, refresh_min, refresh_max, refresh_unknown, timeout;
    std::int64_t max_token, cache_size;

    static constexpr auto options = mh::options(
        mh::option("keys_file", &Settings::keys_file, "",
                   "Public keys: PEM, or JWKS as JSON; watched"),
        mh::option("keys_url", &Settings::keys_url, "",
                   "Where the issuer publishes its keys (JWKS)"),
        mh::option("secret_file", &Settings::secret_file, "",
                   "File with the shared secret of HS256, HS384 or HS512; watched"),
        mh::option("allow_http", &Settings::allow_http, false,
                   "keys_url may be http:// to another machine"),
        mh::option("algorithms", &Settings::algorithms, "",
                   "Accepted ones; empty: HS256 with secret_file, else RS, PS and ES"),
        mh::option("issuer", &Settings::issuer, "", "What iss has to be; empty: anything"),
        mh::option("audience", &Settings::audience, "",
                   "aud has to name one of these; \"*\": anything"),
        mh::option("typ", &Settings::typ, "", "What typ may be; empty: JWT, at+jwt, or absent"),
        mh::option("required_claims", &Settings::required_claims, "",
                   "Claims that have to be there"),
        mh::option("require_exp", &Settings::require_exp, true, "A token without exp is refused"),
        mh::option("leeway", &Settings::leeway, ms(30'000),
                   "How far clocks may differ, for exp and nbf"),
        mh::option("subject_claim", &Settings::subject_claim, "sub", "Claim that names who asks"),
        mh::option("roles_claim", &Settings::roles_claim, "roles",
                   "Claim with the roles: a list, or text with spaces"),
        mh::option("claims", &Settings::claims, "",
                   "Claims that later filters and the handler can read"),
        mh::option(
            "headers", &Settings::headers, "",
            "Request fields made of claims: \"X-User: sub\"; what clients send in them is removed"),
        mh::option("cookie", &Settings::cookie, "", "Cookie that may bear the token"),
        mh::option("query", &Settings::query, "", "Query parameter that may bear the token"),
        mh::option("forward_token", &Settings::forward_token, true,
                   "Leave the token in the request"),
        mh::option("realm", &Settings::realm, "microhost", "What WWW-Authenticate names"),
        mh::option("max_token", &Settings::max_token, 8192, "Longest token in bytes")
            .range(64, 65536),
        mh::option("cache_ttl", &Settings::cache_ttl, ms(300'000),
                   "How long a verified token is not verified again; at most until exp"),
        mh::option("cache_size", &Settings::cache_size, 10'000,
                   "Verified tokens that each loop keeps")
            .range(0, 1'000'000),
        mh::option("refresh", &Settings::refresh, ms(900'000),
                   "How long keys of keys_url count when the answer has no max-age"),
        mh::option("refresh_min", &Settings::refresh_min, ms(60'000),
                   "Shortest max-age that is believed"),
        mh::option("refresh_max", &Settings::refresh_max, ms(86'400'000),
                   "Longest max-age that is believed"),
        mh::option("refresh_unknown", &Settings::refresh_unknown, ms(30'000),
                   "At most one refresh in this time for unknown keys"),
        mh::option("timeout", &Settings::timeout, ms(5'000),
                   "Longest wait for keys; then on_error"));
};

}  // namespace microhost::auth_jwt
