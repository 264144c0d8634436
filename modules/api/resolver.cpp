// SPDX-License-Identifier: Apache-2.0
#include "resolver.hpp"

#include "../shared/text.hpp"

namespace microhost::api {
namespace {

using shared::RpcName;
using Segments = std::vector<std::string_view>;

RpcName first_segment(Segments parts, bool drop_version) {
    if (drop_version && parts.size() > 1 && shared::is_version(parts[0]))
        parts.erase(parts.begin());
    if (parts.empty()) return {};
    const std::string_view service = parts[0];
    parts.erase(parts.begin());
    return {std::string(service), shared::endpoint_of(service, parts)};
}

/// "/foo.bar.Say/Hello": the last dot separates service and handler.
RpcName grpc_path(const Segments& parts) {
    if (parts.empty()) return {};
    const size_t dot = parts[0].rfind('.');
    if (dot == std::string_view::npos) return {};
    std::string endpoint(parts[0].substr(dot + 1));
    if (parts.size() > 1) endpoint.append(".").append(parts[1]);
    return {std::string(parts[0].substr(0, dot)), std::move(endpoint)};
}

std::string host_name(std::string_view host) {
    if (host.empty() || host.front() == '[') return {};
    std::string name(host.substr(0, host.find(':')));
    for (char& c : name) c = shared::lower(c);
    return name;
}

}  // namespace

RpcName resolve(Resolver resolver, Handler handler, std::string_view host, std::string_view path) {
    switch (resolver) {
        case Resolver::path: return first_segment(shared::segments(path), false);
        case Resolver::vpath: return first_segment(shared::segments(path), true);
        case Resolver::grpc: return grpc_path(shared::segments(path));
        case Resolver::host:
            return {host_name(host), shared::endpoint_of({}, shared::segments(path))};
        case Resolver::micro: break;
    }
    const bool calls =
        handler == Handler::meta || handler == Handler::rpc || handler == Handler::api;
    if (calls) return shared::api_route(path);
    return {shared::proxy_route(path), {}};
}

}  // namespace microhost::api
