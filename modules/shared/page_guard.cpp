// SPDX-License-Identifier: Apache-2.0
#include "page_guard.hpp"

#include <algorithm>

#include "ip_address.hpp"
#include "text.hpp"

namespace microhost::shared {

std::string host_name(std::string_view authority) {
    std::string_view host = authority;
    if (host.starts_with('[')) {
        const size_t end = host.find(']');
        if (end == host.npos) return {};
        host = host.substr(1, end - 1);
    } else if (const size_t colon = host.find(':');
               colon != host.npos && host.find(':', colon + 1) == host.npos) {
        host = host.substr(0, colon);
    }
    if (host.ends_with('.')) host.remove_suffix(1);
    std::string out(host);
    for (char& c : out) c = lower(c);
    return out;
}

bool is_loopback_name(std::string_view host) {
    if (host == "localhost" || host.ends_with(".localhost")) return true;
    const auto ip = IpAddress::parse(host);
    if (!ip) return false;
    if (ip->is_v4()) return ip->bytes[12] == 127;
    return *ip == *IpAddress::parse("::1");
}

bool PageGuard::allow_hosts(std::string_view list, std::string& wrong) {
    for_each_item(list, ',', [&](std::string_view item) {
        std::string name = host_name(item);
        const bool odd = name.empty() || name.find_first_of("/*@ ") != name.npos;
        if (odd)
            wrong = item;
        else
            hosts_.push_back(std::move(name));
    });
    return wrong.empty();
}

bool PageGuard::allow_origins(std::string_view list, std::string& wrong) {
    for_each_item(list, ',', [&](std::string_view item) {
        // "*" would open the door to every page.
        if (item == "*" || !origins_.add(item)) wrong = item;
    });
    return wrong.empty();
}

bool PageGuard::plain_loopback(std::string_view authority) {
    return authority.starts_with("127.0.0.1:") || authority.starts_with("localhost:") ||
           authority.empty();
}

bool PageGuard::host_allowed(std::string_view authority, std::string_view local_ip) const {
    const std::string host = host_name(authority);
    if (is_loopback_name(host)) return true;
    if (std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end()) return true;
    const auto named = IpAddress::parse(host), own = IpAddress::parse(local_ip);
    return named && own && *named == *own;
}

bool PageGuard::origin_allowed(std::string_view origin) const {
    return origin.empty() || origins_.lists(origin);
}

bool PageGuard::fetch_allowed(std::string_view fetch_site, std::string_view origin) const {
    // "none": somebody typed the address.
    if (fetch_site.empty() || fetch_site == "none" || fetch_site == "same-origin") return true;
    return !origin.empty() && origins_.lists(origin);
}

}  // namespace microhost::shared
