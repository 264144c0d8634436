// SPDX-License-Identifier: Apache-2.0
#include "apps_guard.hpp"

#include "cookies.hpp"
#include "guard.hpp"

namespace microhost::web {
namespace {

/// They are about all that has our name, not about the web service: who controls its pages' requests, what the browser forgets, where else
/// it finds us, whom it tells of failures, and whether a window that was opened can be read.
constexpr std::string_view kOfOrigin[] = {"Service-Worker-Allowed",
                                          "Clear-Site-Data",
                                          "Cross-Origin-Opener-Policy",
                                          "Alt-Svc",
                                          "NEL",
                                          "Report-To"};

void take_cookies_out(mh::request& r) {
    std::vector<std::string> kept;
    bool some = false;
    for (const mh_header& h : r.headers(MH_DIR_RESPONSE)) {
        if (h.id != MH_H_SET_COOKIE) continue;
        if (sets_ours(mh::view(h.value)))
            some = true;
        else
            kept.emplace_back(mh::view(h.value));
    }
    if (!some) return;
    r.log(MH_LOG_WARN, "a web service tried to set the dashboard's cookie: taken out");
    r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, "Set-Cookie");
    for (const std::string& cookie : kept)
        r.edit(MH_DIR_RESPONSE, MH_EDIT_ADD, "Set-Cookie", cookie);
}

}  // namespace

AppFields::AppFields(const mh::request& r, const shared::Asker& who, std::string_view base) {
    if (!base.empty()) fields_.push_back({mh::lend("X-Micro-Web-Base-Path"), mh::lend(base)});
    fields_.push_back({mh::lend(kTokenField), {}});
    if (who.token) fields_.push_back({mh::lend("Authorization"), {}});
    hide_cookie(r);
}

void AppFields::hide_cookie(const mh::request& r) {
    bool taken = false;
    std::string kept;
    for (const mh_header& h : r.headers()) {
        if (h.id != MH_H_COOKIE) continue;
        taken = without_ours(mh::view(h.value), kept) || taken;
        if (!cookies_.empty() && !kept.empty()) cookies_ += "; ";
        cookies_ += kept;
    }
    if (taken)
        fields_.push_back({mh::lend("Cookie"), cookies_.empty() ? mh_str{} : mh::lend(cookies_)});
}

void take_out(mh::request r) {
    for (const std::string_view name : kOfOrigin) r.edit(MH_DIR_RESPONSE, MH_EDIT_REMOVE, name);
    take_cookies_out(r);
}

}  // namespace microhost::web
