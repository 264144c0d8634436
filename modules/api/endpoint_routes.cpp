// SPDX-License-Identifier: Apache-2.0
#include "endpoint_routes.hpp"

#include <algorithm>
#include <tuple>

#include "../shared/text.hpp"

namespace microhost::api {
namespace {

using shared::view;

auto rank(const EndpointRoute& r) {
    const uint32_t letters = r.path ? r.path->literal_length() : 0;
    const bool anchored = r.path && r.path->anchored();
    const std::string_view pattern = r.path ? std::string_view(r.path->text()) : std::string_view();
    // false sorts before true, so what is more specific is said as "lacks it".
    return std::tuple(r.host.empty(), ~letters, !anchored, r.methods.empty(),
                      std::string_view(r.service), std::string_view(r.endpoint), pattern,
                      std::string_view(r.host), r.handler);
}

bool has_method(const EndpointRoute& r, std::string_view method) {
    return r.methods.empty() ||
           std::find(r.methods.begin(), r.methods.end(), method) != r.methods.end();
}

/// Exact, as in Micro; a route that names no port also fits requests that do.
bool has_host(const EndpointRoute& r, std::string_view host) {
    if (r.host.empty() || shared::iequals(r.host, host)) return true;
    return r.host.find(':') == r.host.npos &&
           shared::iequals(r.host, host.substr(0, host.rfind(':')));
}

bool serves(Handler configured, Handler route) {
    return configured == Handler::meta || configured == route;
}

std::vector<std::string_view> items(std::string_view list) {
    std::vector<std::string_view> out;
    shared::for_each_item(list, ',', [&](std::string_view item) { out.push_back(item); });
    return out;
}

}  // namespace

bool EndpointRoutes::add_route(const EndpointMetadata& m, Handler handler, std::string_view host,
                               std::string_view pattern, std::string& why) {
    if (routes_.size() == kMaxRoutes) {
        why = "more than 4096 routes";
        return false;
    }
    EndpointRoute route;
    if (!pattern.empty()) {
        route.path = PathPattern::compile(pattern, why);
        if (!route.path) return false;
    }
    route.service = m.service;
    route.endpoint = m.endpoint;
    route.host = host;
    route.handler = handler;
    route.json = m.content_type.starts_with("application/json");
    for (const std::string_view method : items(m.method)) route.methods.emplace_back(method);
    uses_method_ = uses_method_ || !route.methods.empty();
    uses_host_ = uses_host_ || !host.empty();
    routes_.push_back(std::move(route));
    return true;
}

bool EndpointRoutes::add(const EndpointMetadata& m, std::string& why) {
    if (m.endpoint.empty() || m.handler.empty()) return true;
    Handler handler{};
    if (!parse_handler(m.handler, handler) || handler == Handler::meta) {
        why = "unknown handler";
        return false;
    }
    auto hosts = items(m.host);
    auto patterns = items(m.path);
    if (hosts.empty() && patterns.empty()) {
        // In Micro such an endpoint took every request, and which of two did was up to chance.
        why = "neither host nor path: it would match everything";
        return false;
    }
    if (hosts.empty()) hosts.emplace_back();
    if (patterns.empty()) patterns.emplace_back();
    const size_t before = routes_.size();
    for (const std::string_view host : hosts) {
        for (const std::string_view pattern : patterns) {
            if (add_route(m, handler, host, pattern, why)) continue;
            routes_.resize(before);
            return false;
        }
    }
    return true;
}

void EndpointRoutes::sort() {
    std::sort(routes_.begin(), routes_.end(),
              [](const EndpointRoute& a, const EndpointRoute& b) { return rank(a) < rank(b); });
}

void EndpointRoutes::clear() {
    routes_.clear();
    uses_method_ = uses_host_ = false;
}

const EndpointRoute* EndpointRoutes::match(Handler configured, std::string_view method,
                                           std::string_view host, std::string_view path) const {
    for (const EndpointRoute& r : routes_) {
        if (!serves(configured, r.handler) || !has_method(r, method) || !has_host(r, host))
            continue;
        if (!r.path || r.path->matches(path)) return &r;
    }
    return nullptr;
}

EndpointMetadata read_metadata(std::string_view service, const mh_endpoint_view& endpoint) {
    EndpointMetadata m{service, {}, {}, {}, {}, {}, {}};
    for (uint32_t i = 0; i < endpoint.n_metadata; ++i) {
        const std::string_view key = view(endpoint.metadata[i].key);
        const std::string_view value = shared::trim(view(endpoint.metadata[i].val));
        if (key == "endpoint") m.endpoint = value;
        if (key == "handler") m.handler = value;
        if (key == "method") m.method = value;
        if (key == "host") m.host = value;
        if (key == "path") m.path = value;
        if (key == "content_type") m.content_type = value;
    }
    return m;
}

bool in_namespace(std::string_view ns, std::string_view service) {
    ns = shared::trim(ns);
    if (ns.empty()) return true;
    if (!service.starts_with(ns)) return false;
    if (ns.back() == '.' || ns.back() == '-' || service.size() == ns.size()) return true;
    return service[ns.size()] == '.';
}

}  // namespace microhost::api
