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
#include "modules_page.hpp"
#include "registry_pages.hpp"
#include "static_files.hpp"
#include "style.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

using Strangers = shared::Access::Strangers;

constexpr shared::CommandPage kCommands{"/_/commands", kServerName, MH_SURFACE_BROWSER, false};

bool reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

std::string parameter(const mh::request& r, std::string_view name) {
    std::vector<shared::FormPair> pairs;
    shared::parse_form(r.query(), pairs);
    for (shared::FormPair& p : pairs)
        if (p.key == name) return std::move(p.value);
    return {};
}

mh_status to_page(Shard& shard, mh::request r, std::string_view path) {
    const Settings& s = shard.web.settings;
    constexpr std::string_view kService = "/service/";
    if (path == "/") return show_apps(r, s);
    if (path == "/services") return show_services(r, parameter(r, "q"));
    if (path == "/registry") {
        const std::string name = parameter(r, "service");
        return name.empty() ? show_services(r, parameter(r, "q")) : show_service(r, name);
    }
    if (path.starts_with(kService)) {
        std::string name;
        if (shared::percent_decode(path.substr(kService.size()), false, name))
            return show_service(r, name);
    }
    return answer_problem(r, 404, "Not found", "there is no such page");
}

/// What needs no role: nothing in it is anybody's. The page asks who it is for, and what there is, itself.
bool is_open(const mh::request& r, const Settings& s, std::string_view path) {
    return path == "/favicon.ico" || path == "/_/plain.css" || path.starts_with(kFilesPrefix) ||
           (has_page(s) && wants_page(r, path));
}

mh_status answer_open(mh::request r, const Settings& s, std::string_view path) {
    if (path == "/favicon.ico") return r.respond(200, {}, {}), MH_OK;
    if (path.starts_with(kFilesPrefix)) return answer_file(r, s, path);
    if (path != "/_/plain.css") return answer_the_page(r, s);
    r.respond(200, "text/css; charset=utf-8", kPlainStyle, {{"Cache-Control", "max-age=3600"}});
    return MH_OK;
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

mh_status open_events(Shard& shard, mh::request r) {
    if (r.method() != "GET") return refuse_method(r, "GET");
    const std::string list = parameter(r, "topics");
    const uint32_t topics = list.empty() ? kAllTopics : topics_of(list);
    if (!topics)
        return r.respond_error(400, kServerName, "topics are services, traffic, modules and logs"),
               MH_OK;
    return shard.streams.open(r, topics,
                              log_cursor(r.header("Last-Event-ID"), shard.web.feed.boot()));
}

mh_status dispatch(Shard& shard, mh::request r, std::span<const mh_header> headers) {
    const Settings& s = shard.web.settings;
    const Head head = Head::of(headers);
    const std::string_view path = r.path(), method = r.method();
    AppName app = app_by_host(s, shared::host_name(head.host), path);
    const std::string_view first = path.substr(1, path.find('/', 1) - 1);
    const bool by_path = app.service.empty() && path != "/" && !is_reserved(first);
    if (by_path) app = app_by_path(s.ns, path);
    const bool is_app = !app.service.empty();
    Asker who;
    if (!shard.access.admit(r, head, who,
                            is_app || reads(method) ? Strangers::link : Strangers::no))
        return MH_OK;
    if (!is_app && reads(method) && is_open(r, s, path)) return answer_open(r, s, path);
    if (!(is_app && s.open_apps) && !shard.access.require(r, who, Role::viewer)) return MH_OK;
    if (is_app) return to_app(r, s, std::move(app));
    if (path == "/rpc") return call(shard, r, who);
    if (shared::is_command(kCommands, path)) return shared::answer_command(kCommands, r, who, path);
    if (path == "/_/modules/reload") return reload(shard, r, who);
    if (!reads(method)) return refuse_method(r, "GET, HEAD");
    if (path.starts_with(kApiPrefix)) return answer_api(r, path);
    if (path == "/_/events") return open_events(shard, r);
    if (path == "/_/modules") return show_modules(r, who.role >= Role::operator_);
    return to_page(shard, r, path);
}

}  // namespace

mh_status on_request(void* shard, void*, mh_req* q, const mh_header* h, uint32_t n) {
    return mh::guarded("on_request", [&] {
        return dispatch(*static_cast<Shard*>(shard), mh::request(q), {h, n});
    });
}

void on_done(void*, void*, mh_req* q, mh_status) { shared::free_ongoing(q); }

}  // namespace microhost::web
