// SPDX-License-Identifier: Apache-2.0
/// What the gateway keeps per loop: the routes that the registry declares, the route cache, counters.
#pragma once

#include <memory>
#include <string>

#include "endpoint_routes.hpp"
#include "gateway.hpp"
#include "route_cache.hpp"

namespace microhost::api {

class Shard {
  public:
    /// On the loop; starts watching the registry. Null when that fails, after host->error().
    static std::unique_ptr<Shard> create(Gateway& gateway, uint32_t loop);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// Where the request goes. An empty service: the path names none. Allocates only for what it has not seen before.
    Route route(mh_req* r, std::string_view method, std::string_view path);

    /// The OpenAPI document of the current registry.
    const std::string& openapi();

    const EndpointRoutes& endpoint_routes() const { return endpoints_; }

    Gateway& gateway;
    shared::LoopStats* stats = nullptr;  ///< the board's; only with enable_stats

  private:
    explicit Shard(Gateway& g) : gateway(g) {}

    static void on_registry(void* user, const mh_registry_view* view) noexcept;
    void rebuild(const mh_registry_view* view);
    void add_service(const mh_service_view* service);
    Route find_route(std::string_view method, std::string_view host, std::string_view path);

    EndpointRoutes endpoints_;
    RouteCache cache_;
    std::string found_service_, found_endpoint_;  ///< what the last find_route() answered
    std::string openapi_;
    mh_token watch_ = 0;
};

}  // namespace microhost::api
