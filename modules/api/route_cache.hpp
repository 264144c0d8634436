// SPDX-License-Identifier: Apache-2.0
/// Remembers where a path leads. Fixed memory per loop, no allocation, emptied in O(1) when the registry changes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "settings.hpp"

namespace microhost::api {

struct EndpointRoute;

/// Where a request goes. The views live in the cache or in the route table: use them before the next look-up.
struct Route {
    Handler handler = Handler::rpc;
    bool json = false;  ///< see EndpointRoute
    std::string_view service;
    std::string_view endpoint;
    const EndpointRoute* declared = nullptr;  ///< null: the path itself named service and endpoint
};

/// Method and host are empty where no route depends on them.
struct RouteKey {
    std::string_view path;
    std::string_view method;
    std::string_view host;
};

/// Two places per hash. What does not fit into a slot is not remembered, it is only slower.
class RouteCache {
  public:
    static constexpr size_t kSlots = 4096;

    RouteCache();

    bool find(const RouteKey& key, Route& out) const;
    void put(const RouteKey& key, const Route& route);
    void clear() { ++epoch_; }

  private:
    struct Slot {
        uint64_t hash;
        uint32_t epoch;
        uint16_t path_len, method_len, host_len, service_len, endpoint_len;
        Handler handler;
        bool json;
        const EndpointRoute* declared;
        char text[224];  ///< path, method, host, service, endpoint
    };
    static_assert(sizeof(Slot) == 256);

    static uint64_t hash(const RouteKey& key);
    bool holds(const Slot& s, uint64_t h, const RouteKey& key) const;

    std::unique_ptr<Slot[], void (*)(Slot*)> slots_;
    uint32_t epoch_ = 1;
};

}  // namespace microhost::api
