// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include <algorithm>

#include "../shared/secret.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "cookies.hpp"
#include "html.hpp"
#include "query.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

uint64_t ms(uint64_t ns) { return ns / 1'000'000; }

/// What the request bears: a field, or where none can be set (EventSource, forms) a parameter.
std::string borne(const mh::request& r) {
    const std::string_view field = r.header(kTokenField);
    if (!field.empty()) return std::string(field);
    return std::string(Query(r).text(kTokenParameter));
}

/// Somebody's program sends it of its own accord; a browser sends cookies, addresses and passwords by itself.
bool sent_on_purpose(const mh::request& r, const Asker& who) {
    if (who.token) return true;
    return who.principal && !shared::bearer_token(r.header(MH_H_AUTHORIZATION)).empty();
}

/// Path and query, as they came.
std::string target_of(const mh::request& r) {
    std::string out(r.path());
    if (!r.query().empty()) out.append("?").append(r.query());
    return out;
}

std::string login_path(const mh::request& r) {
    return "/_/login?next=" + path_element(local_path(target_of(r)));
}

/// As Micro leads there.
std::string login_elsewhere(const std::string& url, const mh::request& r) {
    const char* const mark = url.find('?') == url.npos ? "?" : "&";
    return url + mark + "redirect_to=" + path_element(target_of(r));
}

/// A link of another site leads here, and so the browser keeps the cookie back: a page of ours that goes on gets it.
void answer_once_more(mh::request r, const std::string& to) {
    answer_page(r, 200, "One moment",
                "<meta http-equiv=\"refresh\" content=\"0;url=" + escaped(to) + "\">\n<p>" +
                    link(to, "Go on") + "</p>\n");
}

}  // namespace

bool is_tls(const mh::request& r) { return r.attribute(MH_ATTR_SCHEME) == "https"; }

std::string Guard::print_of(const shared::Users::User& user) {
    std::string text = user.name + "\n" + user.hash;
    for (const std::string& role : user.roles) text += "\n" + role;
    return digest_of(text);
}

void Guard::log_in(Asker& who, const shared::Users::User& user, std::string_view key) {
    auto known = std::make_shared<shared::LoggedIn>();
    known->subject = user.name;
    known->issuer = std::string(kServerName) + " login";
    known->roles = user.roles;
    known->session = key;
    who.role = Role::nobody;
    for (const std::string& r : user.roles) who.role = std::max(who.role, shared::role_of(r));
    if (who.role == Role::nobody) {
        who.role = Role::viewer;
        known->roles.emplace_back(name_of(who.role));
    }
    who.user = std::move(known);
}

const shared::Users::User* Guard::user_of(const Session& s) {
    const auto& all = users_.get();
    const shared::Users::User* user = all ? all->find(s.user) : nullptr;
    return user && print_of(*user) == s.print ? user : nullptr;
}

void Guard::recognise(mh::request r, Asker& who) {
    if (who.has_credential() || settings_.users_file.empty()) return;
    const std::string_view id = session_cookie(r.headers(), is_tls(r));
    if (id.empty()) return;
    const std::string key = digest_of(id);
    const std::optional<Session> session = sessions_.use(key, ms(r.now_ns()));
    if (!session) return;
    if (const shared::Users::User* user = user_of(*session)) return log_in(who, *user, key);
    sessions_.close(key);
    r.log(MH_LOG_INFO, "a session ended: the line of its user in users_file changed or is gone");
}

bool Guard::still_there(const Asker& who, uint64_t now_ns) {
    if (!who.user) return true;
    const std::optional<Session> session = sessions_.look(who.user->session, ms(now_ns));
    return session && user_of(*session);
}

std::string Guard::token_of(const Asker& who) const {
    std::string whom = who.role == Role::nobody ? "nobody" : "local";
    if (who.user)
        whom = "session " + who.user->session;
    else if (who.principal)
        whom = "principal " + std::string(mh::view(who.principal->issuer)) + "\n" +
               std::string(mh::view(who.principal->subject));
    return signature_of(secret_, whom);
}

std::string Guard::token_for_page(mh::request r, const Asker& who) const {
    const bool trusted =
        is_tls(r) || shared::is_loopback_name(shared::host_name(r.attribute(MH_ATTR_AUTHORITY)));
    return may_tell_token(Fetch::of(r), trusted) ? token_of(who) : std::string();
}

bool Guard::require_token(mh::request r, const Asker& who, bool page) {
    if (sent_on_purpose(r, who)) return true;
    const bool reads = r.method() == "GET" || r.method() == "HEAD" || r.method() == "OPTIONS";
    const Asked asked{reads && !(r.flags() & MH_REQ_UPGRADE), page, who.user != nullptr};
    if (!needs_token(Fetch::of(r), asked)) return true;
    const std::string token = borne(r);
    if (shared::same_secret(token, token_of(who))) return true;
    token_.warn(r, std::string("refused a request of a browser ") +
                       (token.empty() ? "without the page's token" : "with an old page's token") +
                       ": a web service's script sent it, or the page has to be loaded again "
                       "(client " +
                       std::string(r.client_ip()) + ", user " + who.subject() + ")");
    r.respond_error(403, kServerName,
                    "the page's token is missing or old: load the page again; scripts send it as " +
                        std::string(kTokenField),
                    {{"Cache-Control", "no-store"}, {"X-Microhost-Page", "old"}});
    return false;
}

bool Guard::require(mh::request r, shared::Access& access, const Asker& who, Role role,
                    std::string_view origin) {
    const bool in = who.role >= role && who.role != Role::nobody;
    const bool reads = r.method() == "GET" || r.method() == "HEAD";
    const bool asks_for_page = r.header(MH_H_ACCEPT).find("text/html") != std::string_view::npos;
    const bool own = !settings_.users_file.empty(), elsewhere = !settings_.login_url.empty();
    if (in || who.has_credential() || !(own || elsewhere) || !reads || !asks_for_page)
        return access.require(r, who, role);
    const std::string to =
        elsewhere ? login_elsewhere(settings_.login_url, r) : std::string(origin) + login_path(r);
    if (own && r.header(MH_H_SEC_FETCH_SITE) == "cross-site")
        answer_once_more(r, std::string(origin) + login_path(r));
    else
        r.respond(elsewhere ? 307 : 303, {}, {}, {{"Location", to}, {"Cache-Control", "no-store"}});
    return false;
}

}  // namespace microhost::web
