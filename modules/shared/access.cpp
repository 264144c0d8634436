// SPDX-License-Identifier: Apache-2.0
#include "access.hpp"

#include <microhost/draft/http_server.h>

#include "ip_address.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

bool is_this_machine(std::string_view ip) {
    return ip == "127.0.0.1" || ip == "unix" || is_loopback_name(ip);
}

/// Both ends of a chain of trusted proxies.
bool comes_from_this_machine(const mh::request& r) {
    return is_this_machine(r.attribute(MH_ATTR_PEER_IP)) && is_this_machine(r.client_ip());
}

std::string_view local_ip(mh::request r) {
    mh_str out{};
    const bool known = mh::use<mh_http_server>().local_ip(r.raw(), &out) == MH_OK;
    return known ? mh::view(out) : std::string_view();
}

/// "https://host:port" of that scheme and Host.
bool is_origin(std::string_view origin, std::string_view scheme, std::string_view host) {
    if (host.empty() || !origin.starts_with(scheme)) return false;
    origin.remove_prefix(scheme.size());
    return origin.starts_with("://") && iequals(origin.substr(3), host);
}

/// As it may stand in a sentence of the log.
std::string shown(std::string_view text) { return '"' + std::string(text.substr(0, 100)) + '"'; }

}  // namespace

std::string Asker::subject() const {
    if (principal) return std::string(mh::view(principal->subject));
    if (token) return token->subject;
    if (user) return user->subject;
    return role == Role::nobody ? "nobody" : "local";
}

bool Access::refuse(mh::request r, Complaint& complaint, std::string_view detail,
                    const std::string& line) {
    complaint.warn(r, line + " (client " + std::string(r.client_ip()) + ")");
    r.respond_error(403, rules_.name, detail);
    return false;
}

bool Access::from_page(mh::request r, const Head& head, Strangers strangers) {
    const PageGuard& guard = rules_.guard;
    if (!PageGuard::plain_loopback(head.host) && r.attribute(MH_ATTR_PEER_IP) != "unix" &&
        !guard.host_allowed(head.host, local_ip(r))) {
        return !refuse(r, host_, "this name is not allowed in Host",
                       "refused a request for Host " + shown(head.host) +
                           ": web pages can point such names here; if it is yours, add it to "
                           "allowed_hosts");
    }
    if (strangers == Strangers::link) return false;
    // Host has been looked at: a page that is served under it is ours.
    if (rules_.own_pages && is_origin(head.origin, r.attribute(MH_ATTR_SCHEME), head.host))
        return false;
    if (!guard.origin_allowed(head.origin))
        return !refuse(
            r, origin_, "web pages may not use this",
            "refused a request of a web page, Origin " + shown(head.origin) +
                (rules_.own_pages ? "" : ": if the page is yours, add it to allowed_origins"));
    if (!guard.fetch_allowed(head.fetch_site, head.origin))
        return !refuse(r, fetch_, "web pages may not use this",
                       "refused a request that a web page made a browser send, Sec-Fetch-Site " +
                           shown(head.fetch_site));
    return false;
}

bool Access::admit(mh::request r, const Head& head, Asker& who, Strangers strangers) {
    if (from_page(r, head, strangers)) return false;
    const bool local = comes_from_this_machine(r);
    if (!local && !rules_.insecure && r.attribute(MH_ATTR_SCHEME) != "https")
        return refuse(
            r, plain_, "use TLS: requests from other machines are not taken in plain text",
            "refused a request from another machine in plain text: give the listener TLS, "
            "or say insecure=true");
    who.principal = r.principal();
    if (who.principal) {
        who.role = highest(*who.principal);
        return true;
    }
    if (local || rules_.insecure) who.role = rules_.local_role;
    const std::string_view token = bearer_token(head.authorization);
    if (token.empty() || !rules_.has_tokens) return true;
    who.tokens = tokens_.get();
    who.token = who.tokens ? who.tokens->find(token) : nullptr;
    if (who.token) {
        who.role = who.token->role;
        return true;
    }
    token_.warn(
        r, "refused a token that is not in token_file (client " + std::string(r.client_ip()) + ")");
    r.respond_error(401, rules_.name, "the token is not valid",
                    {{"WWW-Authenticate", R"(Bearer realm="microhost", error="invalid_token")"}});
    return false;
}

bool Access::require(mh::request r, const Asker& who, Role role) {
    if (who.role >= role && role != Role::nobody) return true;
    if (!who.has_credential()) {
        r.respond_error(401, rules_.name, "a token is required",
                        {{"WWW-Authenticate", R"(Bearer realm="microhost")"}});
        return false;
    }
    const std::string needed(name_of(role));
    return refuse(r, role_, "the role " + needed + " is required",
                  "refused " + shown(who.subject()) + ", who is " + std::string(name_of(who.role)) +
                      " and would have to be " + needed);
}

}  // namespace microhost::shared
