// SPDX-License-Identifier: Apache-2.0
// What connects the registry's table with what modules see of it.
#include "json/document.hpp"
#include "json/writer.hpp"
#include "registry/model_json.hpp"
#include "registry/table.hpp"
#include "rpc/abi_registry.hpp"
#include "rpc/announced.hpp"
#include "rpc/engine.hpp"
#include "rpc/registry_desk.hpp"
#include "rpc/registry_view.hpp"
#include "rpc/stream_in.hpp"

namespace microhost::rpc {
namespace {

/// Adds a member whose value is JSON text of a module; NULL is null.
Result<> add(json::Writer& out, std::string_view key, const char* text) {
    out.key(key);
    if (!text) {
        out.null();
        return {};
    }
    auto parsed = json::Document::parse(text);
    if (!parsed) return parsed.error().context(key);
    out.value(parsed->root());
    return {};
}

Result<> add(json::Writer& out, const mh_rpc_endpoint& e) {
    out.object().key("name").string(e.name);
    if (auto ok = add(out, "request", e.request_json); !ok) return ok;
    if (auto ok = add(out, "response", e.response_json); !ok) return ok;
    if (auto ok = add(out, "metadata", e.metadata_json); !ok) return ok;
    out.end();
    return {};
}

bool is_stream_of(const mh_rpc_service& s, std::string_view endpoint) {
    const LocalService of{&s, nullptr, nullptr, {}};
    const mh_rpc_endpoint* e = of.find(endpoint);
    return e && is_stream(of, *e);
}

}  // namespace

Result<registry::Service> describe(const mh_rpc_service& s, std::string_view version) {
    if (!s.name || !*s.name) return error("a service without a name");
    const std::string where = fmt::format("service {}", s.name);
    std::string text;
    json::Writer out(text);
    out.object().key("name").string(s.name);
    out.key("version").string(s.version ? std::string_view(s.version) : version);
    if (auto ok = add(out, "metadata", s.metadata_json); !ok) return ok.error().context(where);
    out.key("endpoints").array();
    auto* at = reinterpret_cast<const char*>(s.endpoints);
    const uint32_t stride = s.stride ? s.stride : sizeof(mh_rpc_endpoint);
    for (uint32_t i = 0; at && i < s.n_endpoints; i++, at += stride) {
        const auto& e = *reinterpret_cast<const mh_rpc_endpoint*>(at);
        if (!e.name || !*e.name) return error("{}: endpoint {} has no name", where, i);
        if (auto ok = add(out, e); !ok)
            return ok.error().context(fmt::format("{}, endpoint {}", where, e.name));
    }
    out.end().end();
    json::Options options;
    options.max_depth = 80;
    auto document = json::Document::parse(text, options);
    if (!document) return document.error().context(where);
    auto service = registry::service_from_json(document->root());
    if (!service) return service.error().context(where);
    for (registry::Endpoint& e : service->endpoints)
        if (is_stream_of(s, e.name)) e.metadata["stream"] = "true";  // Micro's clients go by it
    return service;
}

void decorate(registry::Table& table, registry::Publisher* publisher) {
    struct Main {
        explicit Main(registry::Publisher* p) : announced(p) {}
        RegistryDesk desk;
        Announced announced;
    };
    auto main = std::make_shared<Main>(publisher);
    main->desk.adopt_thread();
    main->announced.adopt_thread();
    table.decorate([](const registry::ServiceNodes& s) -> std::shared_ptr<const void> {
        return make_views(s);
    });
    // The table keeps it: no view outlives the table.
    table.on_change(
        [main](std::shared_ptr<const registry::Snapshot> s) { main->desk.adopt(std::move(s)); });
}

}  // namespace microhost::rpc
