// SPDX-License-Identifier: Apache-2.0
#include "rpc/registry_sources.hpp"

#include <chrono>
#include <utility>

#include "json/document.hpp"
#include "registry/model_json.hpp"
#include "registry/publisher.hpp"

namespace microhost::rpc {
namespace {

constexpr uint32_t kLongestTtl = 366u * 24 * 3600;

thread_local RegistrySources* current_sources = nullptr;

Result<registry::Service> parse(std::string_view text) {
    auto document = json::Document::parse(text);
    if (!document) return document.error().context("the service is not JSON");
    auto service = registry::service_from_json(document->root());
    if (!service) return service.error();
    if (service->nodes.empty())
        return error(
            "service {} names no node; write \"nodes\": [{{\"id\": \"a-1\", \"address\": "
            "\"host:port\"}}]",
            service->name);
    return service;
}

}  // namespace

std::vector<SourceRow> source_rows(const std::vector<registry::ProviderRow>& providers,
                                   const std::string& folder) {
    std::vector<SourceRow> out;
    for (const registry::ProviderRow& p : providers) {
        SourceRow row{p.name, {}, p.text, p.services, p.nodes};
        if (p.name == "process") continue;  // nowhere to look
        if (p.name == "directory") row.place = folder;
        out.push_back(std::move(row));
    }
    return out;
}

RegistrySources::RegistrySources(std::string runtime_dir,
                                 std::function<std::vector<SourceRow>()> rows)
    : runtime_dir_(std::move(runtime_dir)), rows_(std::move(rows)) {
    current_sources = this;
}

RegistrySources::~RegistrySources() {
    if (current_sources == this) current_sources = nullptr;
}

RegistrySources* RegistrySources::current() { return current_sources; }

mh_status RegistrySources::refuse(mh_status s, std::string_view what) {
    fault_ = what;
    return s;
}

mh_status RegistrySources::put(std::string_view service_json, uint32_t ttl_s) {
    const auto service = parse(service_json);
    if (!service) return refuse(MH_E_INVALID, service.error().what);
    if (ttl_s > kLongestTtl)
        return refuse(MH_E_INVALID, "a node lives at most 366 days; give a shorter TTL");
    const std::chrono::seconds ttl(ttl_s ? ttl_s : kLongestTtl);
    const auto put = registry::put_nodes(runtime_dir_, *service, ttl);
    return put ? MH_OK : refuse(MH_E_IO, put.error().what);
}

mh_status RegistrySources::remove(std::string_view service_json) {
    const auto service = parse(service_json);
    if (!service) return refuse(MH_E_INVALID, service.error().what);
    const auto removed = registry::remove_nodes(runtime_dir_, *service);
    if (!removed) return refuse(MH_E_IO, removed.error().what);
    if (*removed) return MH_OK;
    return refuse(MH_E_NOT_FOUND,
                  fmt::format("no such node of {} in {}/registry/v1", service->name, runtime_dir_));
}

}  // namespace microhost::rpc
