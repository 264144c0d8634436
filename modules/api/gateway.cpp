// SPDX-License-Identifier: Apache-2.0
#include "gateway.hpp"

#include <memory>
#include <string>

#include "../shared/text.hpp"
#include "dispatch.hpp"
#include "shard.hpp"

namespace microhost::api {
namespace {

using shared::str;

Gateway& gateway_of(const mh_module* m) { return *static_cast<Gateway*>(m->impl); }

template <typename Table>
bool resolve_interface(const mh_host* host, const char* id, const Table*& out) {
    out = static_cast<const Table*>(host->get(host, id));
    if (out) return true;
    const std::string text = std::string("this host does not offer ") + id + ": update microhost";
    host->error(host, MH_E_UNSUPPORTED, {}, str(text));
    return false;
}

void* shard_create(const mh_module* m, uint32_t loop) noexcept {
    try {
        return Shard::create(gateway_of(m), loop).release();
    } catch (...) {
        return nullptr;
    }
}

void shard_destroy(const mh_module*, void* shard) noexcept { delete static_cast<Shard*>(shard); }

void destroy(const mh_module* m) noexcept { delete &gateway_of(m); }

mh_status contribute(Gateway& g) {
    g.handler = {sizeof g.handler, 0, "api", &g, &on_request, nullptr, nullptr};
    if (g.settings.enable_stats) g.handler.on_done = &on_done;
    g.listener = {sizeof g.listener,
                  0,
                  "api",
                  "api",
                  str(g.settings.address),
                  str(g.settings.tls_cert),
                  str(g.settings.tls_key),
                  str(g.settings.tls_client_ca)};
    if (const mh_status s = g.host->contribute(g.host, MH_HTTP_HANDLER, &g.handler); s != MH_OK)
        return s;
    return g.host->contribute(g.host, MH_HTTP_LISTENER, &g.listener);
}

mh_status start(const mh_module* m) noexcept { return contribute(gateway_of(m)); }

mh_status make(const mh_host* host, const mh_module** out) {
    auto g = std::make_unique<Gateway>();
    const mh_config_api* config = nullptr;
    g->host = host;
    const bool complete = resolve_interface(host, MH_HTTP_REQUEST, g->http) &&
                          resolve_interface(host, MH_HTTP_FORWARD, g->forward) &&
                          resolve_interface(host, MH_RPC, g->rpc) &&
                          resolve_interface(host, MH_REGISTRY, g->registry) &&
                          resolve_interface(host, MH_JSON, g->json) &&
                          resolve_interface(host, MH_LOG, g->log) &&
                          resolve_interface(host, MH_EVENT_BUS, g->events) &&
                          resolve_interface(host, MH_HTTP_WEBSOCKET, g->websocket) &&
                          resolve_interface(host, MH_CONFIG, config);
    if (!complete) return MH_E_UNSUPPORTED;
    if (const mh_status s = load_settings(*host, *config, g->settings); s != MH_OK) return s;
    g->module = {sizeof g->module, 0,       g.get(),  &start, &shard_create,
                 &shard_destroy,   nullptr, &destroy, nullptr};
    *out = &g.release()->module;
    return MH_OK;
}

}  // namespace

void Gateway::write_log(mh_req* r, int32_t level, std::string_view text,
                        std::span<const mh_kv> fields) const {
    if (level < log->level(host)) return;
    log->write_req(host, r, level, str(text), fields.data(), static_cast<uint32_t>(fields.size()));
}

mh_status create(const mh_host* host, const mh_module** out) noexcept {
    try {
        return make(host, out);
    } catch (...) {
        host->error(host, MH_E_NOMEM, {}, str("out of memory"));
        return MH_E_NOMEM;
    }
}

}  // namespace microhost::api
