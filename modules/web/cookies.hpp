// SPDX-License-Identifier: Apache-2.0
/// The dashboard's own cookie, and keeping it between the browser and us: web services may share our host.
#pragma once

#include <microhost/http_request.h>

#include <span>
#include <string>
#include <string_view>

namespace microhost::web {

/// What the browser calls the session's cookie. Under TLS the name makes it refuse one that anybody else set.
constexpr std::string_view cookie_name(bool tls) { return tls ? "__Host-microhost" : "microhost"; }

/// A session's id in a request. Empty when there is none, and when there are several that differ: one of them is a stranger's.
std::string_view session_cookie(std::span<const mh_header> headers, bool tls);

/// What is left of a Cookie field without ours, in `kept`. False: there was none in it.
bool without_ours(std::string_view field, std::string& kept);

/// Whether that Set-Cookie field is about a cookie of our name.
bool sets_ours(std::string_view set_cookie);

/// Set-Cookie for that id; an empty one takes the cookie away.
std::string set_cookie(std::string_view id, bool tls);

}  // namespace microhost::web
