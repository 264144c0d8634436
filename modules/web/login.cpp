// SPDX-License-Identifier: Apache-2.0
#include "login.hpp"

#include <microhost/work.hpp>

#include <memory>
#include <vector>

#include "../shared/ip_address.hpp"
#include "../shared/password_hash.hpp"
#include "../shared/secret.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "cookies.hpp"
#include "html.hpp"
#include "session_page.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

constexpr uint64_t kLongestBody = 8192;
constexpr std::chrono::seconds kPatience{20};
constexpr size_t kLongestName = 255;
constexpr uint32_t kMostKeys =
    4096;  // addresses and users in a minute; over them nobody new may try

constexpr std::string_view kWrong = "the user or the password is wrong";
constexpr std::string_view kNoUsers =
    "nobody can log in here: the option users_file names no file of users";

/// From the body's arrival to the answer. The shard lives as long as its requests.
struct Attempt {
    Shard& shard;
    bool form = false;
    std::string user, password, next;
    std::string before, token;  ///< the session that it came with, and the page's token

    explicit Attempt(Shard& s) : shard(s) {}
    Attempt(Attempt&&) = default;
    ~Attempt() { shared::wipe(password); }
};

void audit(const mh::request& r, std::string_view action, std::string_view user,
           std::string_view outcome) {
    // Whatever somebody typed, perhaps a password in the wrong field: not more of it than it takes to know who it was.
    mh::log::info("audit", {{"action", action},
                            {"principal", user.substr(0, kLongestName)},
                            {"client", r.client_ip()},
                            {"outcome", outcome}});
}

/// Bytes that end themselves. Whoever has an IPv6 address has all of its network.
std::string network_of(std::string_view client_ip) {
    const auto ip = shared::IpAddress::parse(client_ip);
    if (!ip) return std::string(client_ip) + '\0';
    const shared::IpAddress network = ip->network(32, 64);
    return {reinterpret_cast<const char*>(network.bytes.data()), network.bytes.size()};
}

// ---- answers

mh_status show_form(mh::request r, Shard& shard, unsigned status, const std::string& token,
                    std::string_view next, std::string_view problem) {
    if (shard.web.settings.users_file.empty())
        return answer_problem(r, status == 200 ? 403 : status, "No log-in", kNoUsers);
    std::string body = "<h1>Log in</h1>\n";
    if (!problem.empty()) body += "<p role=\"alert\">" + escaped(problem) + "</p>\n";
    body += "<form method=\"post\" action=\"/_/login?csrf=" + token +
            "\"><input type=\"hidden\" name=\"next\" value=\"" + escaped(next) +
            "\"><p><label>User <input name=\"user\" autocomplete=\"username\" autofocus "
            "required></label></p><p><label>Password <input name=\"password\" type=\"password\" "
            "autocomplete=\"current-password\" required></label></p><p><button>Log in</button></p>"
            "</form>\n";
    return answer_page(r, status, "Log in", body);
}

mh_status refuse(mh::request r, const Attempt& a, unsigned status, std::string_view detail,
                 uint64_t retry_s = 0) {
    const std::string seconds = std::to_string(retry_s);
    if (a.form && status == 401)
        return show_form(r, a.shard, status, a.token, local_path(a.next), detail);
    const mh::field wait{"Retry-After", seconds};
    if (retry_s)
        r.respond_error(status, kServerName, detail, {{"Cache-Control", "no-store"}, wait});
    else
        r.respond_error(status, kServerName, detail, {{"Cache-Control", "no-store"}});
    return MH_OK;
}

mh_status let_in(mh::request r, Attempt& a, const shared::Users::User& user) {
    Guard& guard = a.shard.guard;
    const std::string id =
        guard.sessions().open(user.name, Guard::print_of(user), r.now_ns() / 1'000'000);
    if (id.empty())
        return refuse(r, a, 503, "there is no room for another session: try again later");
    if (!a.before.empty()) guard.sessions().close(a.before);
    a.shard.web.attempts.knows(r.client_ip(), user.name);
    audit(r, "login", user.name, "done");
    const std::string cookie = set_cookie(id, is_tls(r));
    if (a.form) {
        r.respond(303, {}, {},
                  {{"Location", local_path(a.next)},
                   {"Set-Cookie", cookie},
                   {"Cache-Control", "no-store"}});
        return MH_OK;
    }
    shared::Asker who;
    Guard::log_in(who, user, digest_of(id));
    return answer_session(r, a.shard, who, guard.token_of(who), cookie);
}

// ---- trying a password

/// What a worker computes: nothing of it belongs to the module, a reload of which may be under way.
struct Check {
    std::string password, hash;
    bool known;

    bool operator()() {
        const bool good = shared::fits(password, hash);
        shared::wipe(password);
        return good && known;
    }
};

/// The file may have changed while a worker was at it.
const shared::Users::User* the_same(Guard& guard, std::string_view name, std::string_view hash) {
    const shared::Users* all = guard.users();
    const shared::Users::User* user = all ? all->find(name) : nullptr;
    return user && user->hash == hash ? user : nullptr;
}

mh_status try_password(mh::request r, std::shared_ptr<Attempt> a) {
    const shared::Users* all = a->shard.guard.users();
    if (!all) return refuse(r, *a, 403, kNoUsers);
    const shared::Users::User* user = all->find(a->user);
    Check check{std::move(a->password), user ? user->hash : all->dummy(), user != nullptr};
    const std::string hash = check.hash;
    const mh::verdict begun = mh::decide_on_worker(
        r, kPatience, std::move(check), [a, hash](mh::request& later, bool good) {
            const shared::Users::User* now =
                good ? the_same(a->shard.guard, a->user, hash) : nullptr;
            if (now) {
                let_in(later, *a, *now);
            } else {
                audit(later, "login", a->user, "wrong");
                refuse(later, *a, 401, kWrong);
            }
            return mh::answered;
        });
    if (begun == mh::pending) return MH_PENDING;
    return refuse(r, *a, 503, "the queue of the workers is full: try again", 1);
}

bool read_json(std::string_view body, Attempt& a) {
    const mh::json_document document(body);
    if (!document) return false;
    const auto text = [&](std::string_view key, std::string& out) {
        const auto value = document.root()[key].string();
        if (value) out = *value;
        return value.has_value();
    };
    return text("user", a.user) && text("password", a.password);
}

bool read_form(std::string_view body, Attempt& a) {
    std::vector<shared::FormPair> pairs;
    bool user = false, password = false;
    if (!shared::parse_form(body, pairs)) return false;
    for (shared::FormPair& p : pairs) {
        if (p.key == "user")
            user = true, a.user = std::move(p.value);
        else if (p.key == "password")
            password = true, a.password = std::move(p.value);
        else if (p.key == "next")
            a.next = std::move(p.value);
    }
    return user && password;
}

mh_status on_credentials(mh::request r, std::shared_ptr<Attempt> a, std::string_view body) {
    if (!(a->form ? read_form(body, *a) : read_json(body, *a)) || a->user.empty() ||
        a->user.size() > kLongestName)
        return refuse(r, *a, 400,
                      a->form ? "the form needs user and password"
                              : R"(send {"user":"NAME","password":"..."} as JSON)");
    const uint64_t wait = a->shard.web.attempts.take(r.client_ip(), a->user, r.now_ns());
    if (wait == 0) return try_password(r, std::move(a));
    a->shard.throttled.warn(r, "too many log-ins from " + std::string(r.client_ip()) +
                                   " or for \"" + a->user.substr(0, 100) + "\": refused for now");
    return refuse(r, *a, 429, "too many log-ins: try again later", wait);
}

void on_body(mh_req* q, void* user, mh_status s, mh_seg body) {
    const std::shared_ptr<Attempt> a(static_cast<Attempt*>(user));
    mh::guarded("login", [&] {
        mh::request r(q);
        if (s == MH_OK) return on_credentials(r, a, mh::view(body));
        if (s == MH_E_LIMIT) return refuse(r, *a, 413, "a log-in is not that long");
        return mh_status{MH_OK};
    });
}

mh_status log_in(Shard& shard, mh::request r, const shared::Asker& who, bool form) {
    auto a = std::make_unique<Attempt>(shard);
    a->form = form;
    a->token = shard.guard.token_of(who);
    if (who.user) a->before = who.user->session;
    if (shard.web.settings.users_file.empty()) return refuse(r, *a, 403, kNoUsers);
    if (!(r.flags() & MH_REQ_HAS_BODY)) return on_credentials(r, std::move(a), {});
    Attempt* const raw = a.release();
    const mh_status s = mh::use<mh_http_request>().collect(r.raw(), kLongestBody, on_body, raw);
    if (s < 0) delete raw;
    return s;
}

mh_status log_out(Shard& shard, mh::request r, const shared::Asker& who, bool form) {
    if (who.user) {
        shard.guard.sessions().close(who.user->session);
        audit(r, "logout", who.user->subject, "done");
    }
    const std::string cookie = set_cookie({}, is_tls(r));
    if (form)
        r.respond(
            303, {}, {},
            {{"Location", kLoginPath}, {"Set-Cookie", cookie}, {"Cache-Control", "no-store"}});
    else
        r.respond(200, kJsonType, "{}", {{"Set-Cookie", cookie}, {"Cache-Control", "no-store"}});
    return MH_OK;
}

mh_status show_login(Shard& shard, mh::request r, const shared::Asker& who) {
    std::string next = "/";
    std::vector<shared::FormPair> pairs;
    shared::parse_form(r.query(), pairs);
    for (const shared::FormPair& p : pairs)
        if (p.key == "next") next = local_path(p.value);
    if (who.user)
        return r.respond(303, {}, {}, {{"Location", next}, {"Cache-Control", "no-store"}}), MH_OK;
    return show_form(r, shard, 200, shard.guard.token_for_page(r, who), next, {});
}

mh_status show_logout(Shard& shard, mh::request r, const shared::Asker& who) {
    return answer_page(r, 200, "Log out",
                       "<h1>Log out</h1>\n<p>You are " + escaped(who.subject()) +
                           ".</p>\n<form method=\"post\" action=\"/_/logout?csrf=" +
                           shard.guard.token_for_page(r, who) +
                           "\"><button>Log out</button></form>\n");
}

}  // namespace

LoginLimit::LoginLimit(uint32_t a_minute)
    : rule_{sizeof(mh_limit_rule), a_minute, a_minute, 60'000} {
    const mh_status s = mh::use<mh_limit>().open(mh::the_host, "login", kMostKeys, &set_);
    if (s != MH_OK) throw mh::failure("the host has no room for the limit of log-ins", {}, s);
}

uint64_t LoginLimit::take_one(std::string_view key, uint64_t now_ns) const {
    mh_limit_answer a{};
    a.size = sizeof a;
    const mh_status s = mh::use<mh_limit>().take(set_, mh::lend(key), &rule_, 1, now_ns, &a);
    if (s != MH_OK) return 60;  // full of others: nobody new for now
    return a.allowed ? 0 : std::max<uint64_t>(1, (a.retry_after_ms + 999) / 1000);
}

uint64_t LoginLimit::take(std::string_view client_ip, std::string_view user, uint64_t now_ns) {
    const std::string network = network_of(client_ip);
    if (const uint64_t wait = take_one("client " + network, now_ns)) return wait;
    {
        std::scoped_lock lock(mutex_);
        if (known_.contains(network + std::string(user))) return 0;
    }
    return take_one("user " + std::string(user), now_ns);
}

void LoginLimit::knows(std::string_view client_ip, std::string_view user) {
    std::scoped_lock lock(mutex_);
    if (known_.size() == kMostKeys) known_.clear();  // of users with passwords, so it takes long
    known_.insert(network_of(client_ip) + std::string(user));
}

bool is_login(std::string_view path) {
    return path == kLoginPath || path == "/_/logout" || path == "/_/api/login" ||
           path == "/_/api/logout" || path == "/_/api/session";
}

mh_status answer_login(Shard& shard, mh::request r, const shared::Asker& who,
                       std::string_view path) {
    const bool form = !path.starts_with("/_/api/"), post = r.method() == "POST";
    const bool reads = r.method() == "GET" || r.method() == "HEAD";
    if (path == "/_/api/session")
        return reads ? answer_session(r, shard, who, shard.guard.token_of(who), {})
                     : refuse_method(r, "GET, HEAD");
    if (reads && path == kLoginPath) return show_login(shard, r, who);
    if (reads && path == "/_/logout") return show_logout(shard, r, who);
    if (!post) return refuse_method(r, form ? "GET, HEAD, POST" : "POST");
    if (path.ends_with("/login")) return log_in(shard, r, who, form);
    return log_out(shard, r, who, form);
}

}  // namespace microhost::web
