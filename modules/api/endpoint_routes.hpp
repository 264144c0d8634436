// SPDX-License-Identifier: Apache-2.0
/// Routes that services declare in the metadata of their endpoints (go-micro api/api.go), in an order that depends on nothing
/// but the routes themselves: host, letters of the path, method, then name.
#pragma once

#include <microhost/draft/registry.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "path_pattern.hpp"
#include "settings.hpp"

namespace microhost::api {

/// What one endpoint's metadata says, before it is compiled.
struct EndpointMetadata {
    std::string_view service;
    std::string_view endpoint;
    std::string_view handler;
    std::string_view method;  ///< comma-separated lists, here and below; empty: any
    std::string_view host;
    std::string_view path;
    std::string_view content_type;
};

struct EndpointRoute {
    std::string service;
    std::string endpoint;
    std::string host;
    std::vector<std::string> methods;
    std::unique_ptr<PathPattern> path;
    Handler handler = Handler::rpc;
    bool json = false;  ///< api handler: this endpoint wants JSON
};

/// One set per loop: glibc locks a compiled expression while it searches.
class EndpointRoutes {
  public:
    static constexpr size_t kMaxRoutes = 4096;

    /// Adds an endpoint's routes. False with a reason when it declares routes and they are refused; an endpoint that declares
    /// none is nothing to report.
    bool add(const EndpointMetadata& m, std::string& why);
    /// After the last add().
    void sort();
    void clear();

    /// The most specific route; with a handler other than meta only routes of that handler. Null when none matches.
    const EndpointRoute* match(Handler configured, std::string_view method, std::string_view host,
                               std::string_view path) const;

    const std::vector<EndpointRoute>& routes() const { return routes_; }
    bool uses_method() const { return uses_method_; }
    bool uses_host() const { return uses_host_; }

  private:
    bool add_route(const EndpointMetadata& m, Handler handler, std::string_view host,
                   std::string_view pattern, std::string& why);

    std::vector<EndpointRoute> routes_;
    bool uses_method_ = false;
    bool uses_host_ = false;
};

/// Reads the metadata of endpoint `i` of a service.
EndpointMetadata read_metadata(std::string_view service, const mh_endpoint_view& endpoint);

/// Services that belong to a namespace: "go.micro.api" has "go.micro.api.foo", but not "go.micro.apifoo". A blank one has all.
bool in_namespace(std::string_view ns, std::string_view service);

}  // namespace microhost::api
