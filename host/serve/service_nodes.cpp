// SPDX-License-Identifier: Apache-2.0
#include "serve/service_nodes.hpp"

#include <algorithm>

#include "observe/uuid.hpp"
#include "rpc/advertised.hpp"
#include "rpc/announced.hpp"

namespace microhost::serve {
namespace {

/// As go-micro 1.18 has it (source: capture 00); clients choose the framing by "protocol".
registry::Metadata metadata_of(const SitePlan& site) {
    registry::Metadata m{{"broker", "http"},
                         {"protocol", "mucp"},
                         {"registry", "directory"},
                         {"server", "mucp"},
                         {"transport", "http"}};
    if (site.tls) m["secure"] = "true";
    return m;
}

}  // namespace

void ServiceNodes::narrow(std::vector<registry::Service> services,
                          const std::vector<SitePlanPtr>& sites) {
    services_ = std::move(services);
    rpc::Announced* announced = rpc::Announced::current();
    std::erase_if(rows_, [&](const auto& row) {
        const std::string &service = row.first.first, &listener = row.first.second;
        const bool stays =
            std::any_of(services_.begin(), services_.end(),
                        [&](const registry::Service& s) { return s.name == service; }) &&
            std::any_of(sites.begin(), sites.end(),
                        [&](const SitePlanPtr& s) { return s->offers && s->name == listener; });
        if (!stays && announced) announced->deregister(row.second.token);
        return !stays;
    });
}

void ServiceNodes::announce(const std::vector<SitePlanPtr>& sites, std::string_view advertise) {
    const std::vector<net::Address> interfaces = rpc::interface_addresses();
    for (const SitePlanPtr& site : sites) {
        if (!site->offers) continue;
        if (site->for_tools) {
            for (const registry::Service& service : services_)
                announce(service, *site, site->address().text());
            continue;
        }
        auto address = rpc::advertised_address(site->address(), advertise, interfaces);
        if (!address) {
            log_.warn("the services of a listener are not announced",
                      {{"listener", site->name}, {"reason", address.error().what}});
            continue;
        }
        for (const registry::Service& service : services_) announce(service, *site, *address);
    }
}

void ServiceNodes::announce(const registry::Service& service, const SitePlan& site,
                            std::string_view address) {
    if (!rpc::Announced::current()) return;
    auto row = rows_.find({service.name, site.name});
    if (row != rows_.end() && row->second.service == service && row->second.address == address)
        return;
    registry::Service one = service;
    one.nodes = {{fmt::format("{}-{}", service.name, observe::random_uuid()), std::string(address),
                  metadata_of(site)}};
    const std::string id = one.nodes[0].id;
    auto token = offer(std::move(one), site);
    if (!token)
        return log_.error("a service is not announced",
                          {{"service", service.name}, {"reason", token.error().what}});
    if (!site.for_tools)
        log_.info("announced", {{"service", service.name},
                                {"version", service.version},
                                {"node", id},
                                {"address", address}});
    if (row != rows_.end()) rpc::Announced::current()->deregister(row->second.token);
    rows_[{service.name, site.name}] = {*token, service, std::string(address)};
}

Result<uint64_t> ServiceNodes::offer(registry::Service one, const SitePlan& site) {
    rpc::Announced& announced = *rpc::Announced::current();
    if (site.for_tools) return announced.offer_locally(std::move(one), for_tools_);
    table_.never_call(one.nodes[0].id);  // it comes back to us through the providers
    return announced.offer(std::move(one), rpc::Announced::kDefaultTtl);
}

}  // namespace microhost::serve
