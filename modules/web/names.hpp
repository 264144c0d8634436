// SPDX-License-Identifier: Apache-2.0
/// Which web service a request is for.
#pragma once

#include <string>
#include <string_view>

#include "settings.hpp"

namespace microhost::web {

struct AppName {
    std::string service;  ///< with the namespace; empty: the request is for the dashboard
    std::string base;     ///< "/NAME", what was taken off the path; empty when the host named it
    std::string path;     ///< what the service gets
};

/// First elements of paths that are the dashboard's own: a web service of that name is reached by its host only.
bool is_reserved(std::string_view name);

/// Paths of the dashboard that answer with a page for people, never with data for scripts.
bool is_page(std::string_view path);

/// Letters, digits, "-", "_" and ".", a letter or digit first.
bool is_app_name(std::string_view name);

/// "/NAME/REST" -> NAMESPACE.NAME and "/REST".
AppName app_by_path(std::string_view ns, std::string_view path);

/// By the host, as Micro 2.6: with `domain` the sub-domain backwards names it, "foo.example.com" being ALIAS.web.PATH[1]; with
/// `subdomain` the first label does, "foo.micro.mu" being go.micro.web.foo. Empty for addresses and names without a sub-domain.
AppName app_by_host(const Settings& s, std::string_view host, std::string_view path);

}  // namespace microhost::web
