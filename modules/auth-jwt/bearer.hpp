// SPDX-License-Identifier: Apache-2.0
/// Where a request bears its token: Authorization, a cookie, a query parameter.
#pragma once

#include <string>
#include <string_view>

#include "../shared/identity.hpp"
#include "settings.hpp"

namespace microhost::auth_jwt {

/// One parameter of this name in a query as it is written. Several: whoever reads it next may take another one.
shared::Found query_value(std::string_view query, std::string_view name, std::string& out);
/// The query without all parameters of this name; what stays is untouched.
std::string without_query(std::string_view query, std::string_view name);

/// The same for the value of a Cookie field.
shared::Found cookie_value(std::string_view cookies, std::string_view name, std::string& out);
std::string without_cookie(std::string_view cookies, std::string_view name);

/// The token of a request. Authorization counts before the query, the query before the cookie, which browsers send unasked;
/// a token in both of the first two is several.
shared::Found find_token(const mh::request& r, const Settings& s, std::string& out);
/// Takes it out of all places where it may be. False when the host refuses that.
bool remove_token(mh::request& r, const Settings& s);

}  // namespace microhost::auth_jwt
