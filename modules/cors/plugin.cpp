// SPDX-License-Identifier: Apache-2.0
// Says to browsers which pages of other origins may read answers, and answers their preflights.
#include <microhost/module.hpp>

#include "policy.hpp"

namespace {

using microhost::cors::Policy;

struct cors : mh::filter<cors> {
    struct config {
        std::vector<std::string_view> origins, methods, headers, expose;
        bool credentials, private_network, refuse;
        std::chrono::milliseconds max_age;
        static constexpr auto options = mh::options(
            mh::option("origins", &config::origins, "",
                       "Origins that may call: https://app.example.com, https://*.example.com for "
                       "subdomains, or *; none by default"),
            mh::option("methods", &config::methods, "GET, HEAD, POST, PUT, PATCH, DELETE",
                       "Methods that they may use; * is any"),
            mh::option("headers", &config::headers, "*",
                       "Fields that they may send; * is whatever the browser asks for"),
            mh::option("expose", &config::expose, "", "Response fields that they may read"),
            mh::option("credentials", &config::credentials, false,
                       "Let them send cookies; not together with the origin *"),
            mh::option("max_age", &config::max_age, std::chrono::minutes(10),
                       "How long a browser may remember the answer to a preflight"),
            mh::option("private_network", &config::private_network, false,
                       "Let pages of public sites call into this private network"),
            mh::option("refuse", &config::refuse, false,
                       "Answer 403 to other origins instead of leaving it to the browser"));
    };
    static constexpr auto phase = MH_PHASE_EARLY;

    struct shared {
        explicit shared(const config& c) : refuse(c.refuse) {
            for (const std::string_view origin : c.origins) {
                if (!policy.origins.add(origin))
                    throw mh::failure("origins: \"" + std::string(origin) +
                                          "\" is none; write *, https://app.example.com or "
                                          "https://*.example.com",
                                      "/origins");
            }
            if (c.credentials && (policy.origins.any() || policy.origins.lists("null")))
                throw mh::failure(
                    "credentials: not together with the origin \"*\" or \"null\": every page "
                    "could act as the user; list the origins",
                    "/credentials");
            bool any_exposed = false;
            policy.methods = microhost::cors::joined(c.methods, policy.any_method);
            policy.headers = microhost::cors::joined(c.headers, policy.any_header);
            policy.expose = microhost::cors::joined(c.expose, any_exposed);
            if (any_exposed) policy.expose = "*";
            policy.credentials = c.credentials;
            policy.private_network = c.private_network;
            policy.max_age = std::to_string(c.max_age.count() / 1000);
        }
        Policy policy;
        bool refuse;
    };

    explicit cors(shared& s) : policy_(s.policy), refuse_(s.refuse) {}

    /// The fields are set before there is a response: whoever makes it, a service or the host, it has each of them once.
    mh::verdict on_request(mh::request& r) {
        r.edit(MH_DIR_RESPONSE, MH_EDIT_ADD, "Vary", "Origin");
        const std::string_view origin = r.header(MH_H_ORIGIN);
        if (origin.empty()) return mh::detach;
        if (microhost::cors::same_origin(origin, r.attribute(MH_ATTR_SCHEME),
                                         r.attribute(MH_ATTR_AUTHORITY)))
            return mh::detach;
        const std::string_view asked = r.header(MH_H_ACCESS_CONTROL_REQUEST_METHOD);
        const bool preflight = r.method() == "OPTIONS" && !asked.empty();
        if (!policy_.allows(origin)) return keep_out(r, preflight);
        r.set_response_header("Access-Control-Allow-Origin", policy_.told(origin));
        if (policy_.with_credentials(origin))
            r.set_response_header("Access-Control-Allow-Credentials", "true");
        else
            r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, "Access-Control-Allow-Credentials");
        if (preflight) return answer(r, asked);
        if (!policy_.expose.empty())
            r.set_response_header("Access-Control-Expose-Headers", policy_.expose);
        return mh::detach;
    }

  private:
    /// An origin that is not listed is not let in by a service behind us either.
    mh::verdict keep_out(mh::request& r, bool preflight) {
        r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, "Access-Control-Allow-Origin");
        r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, "Access-Control-Allow-Credentials");
        if (refuse_) return r.respond_error(403, "cors", "pages of this origin may not call here");
        return preflight ? r.respond(204, {}, {}) : mh::detach;
    }

    mh::verdict answer(mh::request& r, std::string_view asked_method) {
        std::vector<mh::field> fields{
            {"Vary", "Access-Control-Request-Method, Access-Control-Request-Headers"},
            {"Access-Control-Allow-Methods", policy_.any_method ? asked_method : policy_.methods},
            {"Access-Control-Max-Age", policy_.max_age}};
        const std::string_view asked = r.header(MH_H_ACCESS_CONTROL_REQUEST_HEADERS);
        const std::string_view headers = policy_.any_header ? asked : policy_.headers;
        if (!headers.empty()) fields.push_back({"Access-Control-Allow-Headers", headers});
        if (policy_.private_network && r.header("Access-Control-Request-Private-Network") == "true")
            fields.push_back({"Access-Control-Allow-Private-Network", "true"});
        return r.respond(204, {}, {}, fields);
    }

    const Policy& policy_;
    const bool refuse_;
};

}  // namespace

MH_PLUGIN("cors", "1.0.0", "Says which pages of other origins may read answers", cors)
