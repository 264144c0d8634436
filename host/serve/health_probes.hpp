// SPDX-License-Identifier: Apache-2.0
/// Active health checks: the probes of registry/health.hpp with real connections, on the control thread.
#pragma once

#include <memory>
#include <vector>

#include "http/engine.hpp"
#include "net/resolver.hpp"
#include "registry/health.hpp"
#include "registry/table.hpp"

namespace microhost::serve {

class HealthProbes {
  public:
    /// `http`: the control thread's. Checks what the table's nodes ask for until it is destroyed.
    HealthProbes(http::Engine& http, net::Resolver& resolver, registry::Table& table,
                 registry::HealthChecks::Warn warn);
    ~HealthProbes();
    HealthProbes(const HealthProbes&) = delete;

    /// The table changed: a check may be due.
    void look();

  private:
    using Done = registry::HealthChecks::Done;
    void probe(const registry::HealthChecks::Target& target, Done done);
    void resolve(const registry::HealthChecks::Target& target, Done done);
    void probe_each(std::vector<net::Address> addresses, const registry::HealthSpec& spec,
                    Done done);

    http::Engine& http_;
    net::Resolver& resolver_;
    registry::HealthChecks checks_;
    registry::Table& table_;
    registry::Table::Ticket ticket_;
    struct Due : Timer {
        HealthProbes* owner;
    } due_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();  // for what is told later
};

}  // namespace microhost::serve
