// SPDX-License-Identifier: Apache-2.0
#include "shard.hpp"

#include "../shared/text.hpp"
#include "openapi.hpp"
#include "resolver.hpp"

namespace microhost::api {

using shared::str;
using shared::view;

std::unique_ptr<Shard> Shard::create(Gateway& gateway, uint32_t loop) {
    std::unique_ptr<Shard> shard(new Shard(gateway));
    if (gateway.settings.enable_stats) shard->stats = gateway.stats.of_loop(loop);
    const mh_status s =
        gateway.registry->watch(gateway.host, &Shard::on_registry, shard.get(), &shard->watch_);
    if (s == MH_OK) return shard;
    gateway.host->error(gateway.host, s, {}, str("the registry cannot be watched"));
    return nullptr;
}

Shard::~Shard() {
    if (watch_) gateway.registry->unwatch(watch_);
}

void Shard::on_registry(void* user, const mh_registry_view* view) noexcept {
    Shard& shard = *static_cast<Shard*>(user);
    try {
        shard.rebuild(view);
    } catch (...) {
        shard.endpoints_.clear();  // half a table would route by chance
    }
}

void Shard::rebuild(const mh_registry_view* view) {
    endpoints_.clear();
    cache_.clear();
    openapi_.clear();
    const mh_registry& registry = *gateway.registry;
    for (uint32_t i = 0; i < registry.count(view); ++i) add_service(registry.at(view, i));
    endpoints_.sort();
}

void Shard::add_service(const mh_service_view* service) {
    const mh_registry& registry = *gateway.registry;
    const std::string_view name = view(registry.name(service));
    if (!in_namespace(gateway.settings.ns, name)) return;
    for (uint32_t i = 0; i < registry.endpoint_count(service); ++i) {
        mh_endpoint_view endpoint{};
        endpoint.size = sizeof endpoint;
        if (registry.endpoint_at(service, i, &endpoint) != MH_OK) continue;
        const EndpointMetadata metadata = read_metadata(name, endpoint);
        std::string why;
        if (endpoints_.add(metadata, why)) continue;
        const mh_kv fields[] = {{str("service"), str(name)},
                                {str("endpoint"), str(metadata.endpoint)},
                                {str("path"), str(metadata.path)},
                                {str("reason"), str(why)}};
        gateway.log->write(gateway.host, MH_LOG_DEBUG, str("route of an endpoint ignored"), fields,
                           4);
    }
}

Route Shard::find_route(std::string_view method, std::string_view host, std::string_view path) {
    const Settings& settings = gateway.settings;
    if (const EndpointRoute* r = endpoints_.match(settings.handler, method, host, path)) {
        return {r->handler, r->json, r->service, r->endpoint, r};
    }
    shared::RpcName name = resolve(settings.resolver, settings.handler, host, path);
    found_service_ =
        name.service.empty() ? std::string() : shared::join_namespace(settings.ns, name.service);
    found_endpoint_ = std::move(name.endpoint);
    const Handler handler = settings.handler == Handler::meta ? Handler::rpc : settings.handler;
    return {handler, settings.api_json, found_service_, found_endpoint_, nullptr};
}

Route Shard::route(mh_req* r, std::string_view method, std::string_view path) {
    const bool by_host = endpoints_.uses_host() || gateway.settings.resolver == Resolver::host;
    RouteKey key{path, {}, {}};
    if (endpoints_.uses_method()) key.method = method;
    if (by_host) key.host = gateway.attr(r, MH_ATTR_AUTHORITY);
    Route found;
    if (cache_.find(key, found)) return found;
    found = find_route(method, key.host, path);
    cache_.put(key, found);
    return found;
}

const std::string& Shard::openapi() {
    if (openapi_.empty()) {
        openapi_ = openapi_document(gateway, gateway.registry->now(gateway.host), endpoints_);
    }
    return openapi_;
}

}  // namespace microhost::api
