// SPDX-License-Identifier: Apache-2.0
// Entry of every request: which page or web service it is for, and who asks.
#include <microhost/draft/command.h>

#include <vector>

#include "../shared/command_page.hpp"
#include "../shared/ongoing.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "api.hpp"
#include "apps.hpp"
#include "config_page.hpp"
#include "micro_pages.hpp"
#include "modules_page.hpp"
#include "query.hpp"
#include "registry_pages.hpp"
#include "static_files.hpp"
#include "style.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

using Strangers = shared::Access::Strangers;

constexpr shared::CommandPage kCommands{"/_/commands", kServerName, MH_SURFACE_BROWSER, false};

bool reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

/// A page of a stranger that makes a browser send it gets nothing done, and reads nothing: websockets it could read.
bool safe(const mh::request& r) { return reads(r.method()) && !(r.flags() & MH_REQ_UPGRADE); }

mh_status to_page(Shard& shard, mh::request r, const Asker& who, std::string_view path) {
    const Settings& s = shard.web.settings;
    if (path == "/client") return show_client(r, shard.guard.token_for_page(r, who));
    if (path == "/terminal") return show_terminal(r);
    if (path == "/stats" && s.enable_stats) return show_stats(r, shard.web.stats);
    if (const std::string_view to = newer_name(path); !to.empty()) return answer_moved(r, to);
    constexpr std::string_view kService = "/service/";
    if (path == "/") return show_apps(r, s);
    if (path == "/services") return show_services(r, Query(r).text("q"));
    if (path == "/registry") {
        const std::string name(Query(r).text("service"));
        return name.empty() ? show_services(r, Query(r).text("q")) : show_service(r, name);
    }
    if (path.starts_with(kService)) {
        std::string name;
        if (shared::percent_decode(path.substr(kService.size()), false, name))
            return show_service(r, name);
    }
    return answer_problem(r, 404, "Not found", "there is no such page");
}

/// What needs no role: nothing in it is anybody's.
bool is_open(std::string_view path) {
    return path == "/favicon.ico" || path == "/_/plain.css" || path.starts_with(kFilesPrefix);
}

mh_status answer_open(mh::request r, const Settings& s, std::string_view path) {
    if (path == "/favicon.ico") return r.respond(200, {}, {}), MH_OK;
    if (path.starts_with(kFilesPrefix)) return answer_file(r, s, path);
    r.respond(200, "text/css; charset=utf-8", kPlainStyle, {{"Cache-Control", "max-age=3600"}});
    return MH_OK;
}

/// The page with script; who has to log in first is led there, and finds it, too.
mh_status show_page(Shard& shard, mh::request r, const Asker& who, std::string_view path) {
    if (path == kLoginPath && who.user) return answer_login(shard, r, who, path);  // leads on
    if (path != kLoginPath && !shard.guard.require(r, shard.access, who, Role::viewer))
        return MH_OK;
    return answer_the_page(r, shard.web.settings, shard.guard.token_for_page(r, who));
}

mh_status call(Shard& shard, mh::request r, const Asker& who) {
    if (!shard.access.require(r, who, Role::operator_)) return MH_OK;
    return shared::answer_rpc(r, shard.web.settings.rpc);
}

mh_status reload(Shard& shard, mh::request r, const Asker& who) {
    if (r.method() != "POST") return refuse_method(r, "POST");
    if (!shard.access.require(r, who, Role::operator_)) return MH_OK;
    return reload_module(r, who.subject());
}

mh_status open_events(Shard& shard, mh::request r, const Asker& who) {
    if (r.method() != "GET") return refuse_method(r, "GET");
    const std::string list(Query(r).text("topics"));
    const uint32_t topics = list.empty() ? kAllTopics : topics_of(list);
    if (!topics)
        return r.respond_error(400, kServerName, "topics are services, traffic, modules and logs"),
               MH_OK;
    return shard.streams.open(r, who, topics,
                              log_cursor(r.header("Last-Event-ID"), shard.web.feed.boot()));
}

/// Web services have a listener of their own: who asks for one here is sent there.
mh_status to_apps_origin(Shard& shard, mh::request r) {
    const std::string origin = shard.web.apps_origin.of(r);
    if (!safe(r) || origin.empty())
        return answer_problem(r, 404, "Not here",
                              "web services have an address of their own (proxy_address)" +
                                  (origin.empty() ? "" : ": " + origin));
    std::string to = origin + std::string(r.path());
    if (!r.query().empty()) to.append("?").append(r.query());
    r.respond(307, {}, {}, {{"Location", to}, {"Cache-Control", "no-store"}});
    return MH_OK;
}

mh_status visit(Shard& shard, mh::request r, const Asker& who, AppName app) {
    const Settings& s = shard.web.settings;
    const AppsOrigin& origin = shard.web.apps_origin;
    const bool elsewhere = origin.wanted() && !origin.has(r);
    const std::string dashboard = origin.has(r) ? origin.dashboard(r) : "";
    const bool open = s.open_apps || app.service == s.login_service;
    if (!open && !shard.guard.require(r, shard.access, who, Role::viewer, dashboard)) return MH_OK;
    return elsewhere ? to_apps_origin(shard, r) : to_app(r, s, who, std::move(app));
}

mh_status to_dashboard(Shard& shard, mh::request r, const Asker& who) {
    const std::string_view path = r.path(), method = r.method();
    if (shard.web.apps_origin.has(r))
        return answer_problem(r, 404, "Not found", "only web services are here");
    const Settings& s = shard.web.settings;
    if (reads(method) && is_open(path)) return answer_open(r, s, path);
    const bool page = reads(method) && has_page(s) && wants_page(r, path);
    if (!shard.guard.require_token(r, who, page || is_page(path))) return MH_OK;
    if (page) return show_page(shard, r, who, path);
    if (is_login(path)) return answer_login(shard, r, who, path);
    if (!shard.guard.require(r, shard.access, who, Role::viewer)) return MH_OK;
    if (path == "/rpc") return call(shard, r, who);
    if (shared::is_command(kCommands, path)) return shared::answer_command(kCommands, r, who, path);
    if (path == "/_/modules/reload") return reload(shard, r, who);
    if (!reads(method)) return refuse_method(r, "GET, HEAD");
    if (path.starts_with(kApiPrefix)) return answer_api(r, path);
    if (path == "/_/events") return open_events(shard, r, who);
    if (path == "/_/modules")
        return show_modules(r, who.role >= Role::operator_, shard.guard.token_for_page(r, who));
    if (path == "/_/config") return show_config(r, Query(r).text("q"));
    return to_page(shard, r, who, path);
}

mh_status dispatch(Shard& shard, mh::request r, std::span<const mh_header> headers) {
    const Settings& s = shard.web.settings;
    const Head head = Head::of(headers);
    const std::string_view path = r.path();
    AppName app = app_by_host(s, shared::host_name(head.host), path);
    const std::string_view first = path.substr(1, path.find('/', 1) - 1);
    const bool by_path = app.service.empty() && path != "/" && !is_reserved(first);
    if (by_path) app = app_by_path(s.ns, path);
    const bool is_app = !app.service.empty();
    Asker who;
    const bool stranger_may = safe(r) || (is_app && s.open_apps);
    if (!shard.access.admit(r, head, who, stranger_may ? Strangers::link : Strangers::no))
        return MH_OK;
    shard.guard.recognise(r, who);
    return is_app ? visit(shard, r, who, std::move(app)) : to_dashboard(shard, r, who);
}

}  // namespace

mh_status on_request(void* shard, void*, mh_req* q, const mh_header* h, uint32_t n) {
    return mh::guarded("on_request", [&] {
        return dispatch(*static_cast<Shard*>(shard), mh::request(q), {h, n});
    });
}

void on_done(void* shard, void*, mh_req* q, mh_status) {
    const mh::request r(q);
    if (shared::LoopStats* stats = static_cast<Shard*>(shard)->stats)
        stats->count(r.status(), r.now_ns());
    shared::free_ongoing(q);
}

}  // namespace microhost::web
