// SPDX-License-Identifier: Apache-2.0
#include "session_page.hpp"

#include <array>

#include "../shared/json_writer.hpp"
#include "answer.hpp"
#include "web.hpp"

namespace microhost::web {

mh_status answer_session(mh::request r, Shard& shard, const shared::Asker& who,
                         std::string_view token, std::string_view set_cookie) {
    const Settings& s = shard.web.settings;
    std::string json;
    shared::JsonWriter(json)
        .begin_object()
        .key("subject")
        .string(who.subject())
        .key("role")
        .string(name_of(who.role))
        .key("login")
        .boolean(!s.users_file.empty() && !who.user)
        .key("session")
        .boolean(who.user != nullptr)
        .key("csrf")
        .string(token)
        .key("instance")
        .raw(shard.web.instance)
        .key("version")
        .string(mh::the_host->version)
        .key("namespace")
        .string(s.ns)
        .key("login_url")
        .string(s.login_url)
        .key("apps_url")
        .string(shard.web.apps_origin.of(r))
        .end_object();
    const std::array<mh::field, 3> fields{{{"X-Content-Type-Options", "nosniff"},
                                           {"Cache-Control", "no-store"},
                                           {"Set-Cookie", set_cookie}}};
    r.respond(200, kJsonType, json, std::span(fields).first(set_cookie.empty() ? 2 : 3));
    return MH_OK;
}

}  // namespace microhost::web
