// SPDX-License-Identifier: Apache-2.0
/// The services of this process in the registry: a node for each service and rpc listener, while both are there. Those of the
/// listener for tools stand in a registry folder of their own.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "observe/log.hpp"
#include "registry/model.hpp"
#include "registry/publisher.hpp"
#include "registry/table.hpp"
#include "serve/site_plan.hpp"

namespace microhost::serve {

/// Thread: main.
class ServiceNodes {
  public:
    ServiceNodes(registry::Table& table, registry::Publisher& for_tools, log::Domain log)
        : table_(table), for_tools_(for_tools), log_(log) {}

    /// The services as they are described, without nodes. Takes back the nodes of those that are gone, and of listeners that
    /// are not among `sites`: before either stops to answer.
    void narrow(std::vector<registry::Service> services, const std::vector<SitePlanPtr>& sites);
    /// Announces what the open listeners answer for. A service that has changed gets a new node before the old one goes, so
    /// that it is never missing.
    void announce(const std::vector<SitePlanPtr>& sites, std::string_view advertise);

  private:
    struct Row {
        uint64_t token = 0;
        registry::Service service;  // without its node
        std::string address;
    };
    using Key = std::pair<std::string, std::string>;  // service, listener

    void announce(const registry::Service& service, const SitePlan& site, std::string_view address);
    Result<uint64_t> offer(registry::Service one, const SitePlan& site);

    registry::Table& table_;
    registry::Publisher& for_tools_;
    log::Domain log_;
    std::vector<registry::Service> services_;
    std::map<Key, Row> rows_;
};

}  // namespace microhost::serve
