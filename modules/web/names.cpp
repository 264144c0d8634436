// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "../shared/ip_address.hpp"
#include "../shared/text.hpp"

namespace microhost::web {
namespace {

constexpr std::array<std::string_view, 12> kReserved{
    "_",        "call", "cli",     "client",   "favicon.ico", "query",
    "registry", "rpc",  "service", "services", "stats",       "terminal"};

constexpr size_t kLongestName = 200;

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<std::string_view> labels_of(std::string_view host) {
    std::vector<std::string_view> out;
    shared::for_each_item(host, '.', [&](std::string_view label) { out.push_back(label); });
    return out;
}

std::string_view first_element(std::string_view path) {
    path.remove_prefix(std::min<size_t>(1, path.size()));
    return path.substr(0, path.find('/'));
}

}  // namespace

bool is_reserved(std::string_view name) {
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

bool is_page(std::string_view path) {
    constexpr std::string_view kPages[] = {"/",          "/services",  "/registry", "/client",
                                           "/terminal",  "/stats",     "/query",    "/call",
                                           "/cli",       "/_/login",   "/_/logout", "/_/overview",
                                           "/_/traffic", "/_/modules", "/_/config", "/_/logs",
                                           "/_/console", "/_/about",   "/_/apps"};
    return path.starts_with("/service/") ||
           std::find(std::begin(kPages), std::end(kPages), path) != std::end(kPages);
}

bool is_app_name(std::string_view name) {
    if (name.empty() || name.size() > kLongestName || !is_alnum(name.front())) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

AppName app_by_path(std::string_view ns, std::string_view path) {
    const std::string_view name = first_element(path);
    if (!is_app_name(name)) return {};
    AppName out;
    out.service = ns.empty() ? std::string(name) : std::string(ns) + "." + std::string(name);
    out.base = "/" + std::string(name);
    out.path = path.substr(std::min(path.size(), 1 + name.size()));
    if (out.path.empty()) out.path = "/";
    return out;
}

AppName app_by_host(const Settings& s, std::string_view host, std::string_view path) {
    if (s.resolver == Resolver::path || shared::IpAddress::parse(host)) return {};
    const std::vector<std::string_view> labels = labels_of(host);
    if (labels.size() < 3) return {};  // a name without a sub-domain is the dashboard's
    AppName out;
    out.path = path;
    if (s.resolver == Resolver::subdomain) {
        if (!is_app_name(labels[0])) return {};
        out.service = s.ns.empty() ? std::string(labels[0]) : s.ns + "." + std::string(labels[0]);
        return out;
    }
    // The alias is the sub-domain backwards: a.b.example.com is b.a.web.NAME.
    const std::string_view name = first_element(path);
    if (!is_app_name(name)) return {};
    for (size_t i = labels.size() - 2; i-- > 0;) out.service += std::string(labels[i]) + ".";
    out.service += "web." + std::string(name);
    return out;
}

}  // namespace microhost::web
