// SPDX-License-Identifier: Apache-2.0
#include "apps.hpp"

#include <microhost/host.hpp>

#include "../shared/call_failure.hpp"
#include "../shared/text.hpp"
#include "answer.hpp"
#include "apps_guard.hpp"
#include "html.hpp"

namespace microhost::web {
namespace {

void on_error(void*, mh_req* q, mh_status why) {
    mh::guarded("forward.on_error", [&] {
        const shared::CallFailure f = shared::call_failure(why);
        const mh::request r(q);
        r.log(MH_LOG_WARN, "a web service did not answer: " + std::string(f.detail));
        return answer_problem(r, f.status, "Bad gateway", f.detail);
    });
}

void on_head(void*, mh_req* q) {
    mh::guarded("forward.on_head", [&] { return take_out(mh::request(q)), MH_OK; });
}

/// The web services that there are, as links.
std::string known(std::string_view ns) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_registry_view* now = registry.now(mh::the_host);
    const std::string prefix = std::string(ns) + ".";
    std::string out, last;
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const std::string name(mh::view(registry.name(registry.at(now, i))));
        if (!name.starts_with(prefix) || name == last) continue;
        last = name;
        const std::string app = name.substr(prefix.size());
        out += "<li>" + link("/" + path_element(app) + "/", app) + "</li>\n";
    }
    return out.empty() ? "<p>No web service is registered.</p>\n" : "<ul>\n" + out + "</ul>\n";
}

mh_status not_found(mh::request r, const Settings& s, const std::string& service) {
    const std::string detail = "there is no service " + service;
    if (wants_json(r)) return answer_problem(r, 404, "Not found", detail);
    return answer_page(r, 404, "Not found",
                       "<h1>Not found</h1>\n<p>There is no service <code>" + escaped(service) +
                           "</code>.</p>\n<h2>Web services</h2>\n" + known(s.ns));
}

}  // namespace

mh_status to_app(mh::request r, const Settings& s, const Asker& who, AppName app) {
    if (takes_over_origin(r, app.base))
        return answer_problem(r, 403, "Refused",
                              "a service worker's script has to lie below " + app.base + "/");
    const AppFields fields(r, who, app.base);
    mh_http_forward_to to{};
    to.size = sizeof to;
    to.flags = MH_FORWARD_UPGRADE;
    to.service = mh::lend(app.service);
    to.path = mh::lend(app.path);
    to.set_headers = fields.fields().data();
    to.n_set_headers = static_cast<uint32_t>(fields.fields().size());
    to.on_error = on_error;
    to.on_head = on_head;
    const mh_status done = mh::use<mh_http_forward>().forward(r.raw(), &to);
    switch (done) {
        case MH_OK: return r.set_route(app.service), MH_OK;
        case MH_E_NOT_FOUND: return not_found(r, s, app.service);
        case MH_E_UNAVAILABLE:
        case MH_E_UNREACHABLE: {
            const shared::CallFailure f = shared::call_failure(done);
            return answer_problem(r, f.status, "Bad gateway",
                                  app.service + ": " + std::string(f.detail));
        }
        default: return done;
    }
}

}  // namespace microhost::web
