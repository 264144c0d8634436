// SPDX-License-Identifier: Apache-2.0
/// Active health checks: the probes of registry/health.hpp with real connections, on the control thread.
#pragma once

#include "http/engine.hpp"
#include "registry/health.hpp"
#include "registry/table.hpp"

namespace microhost::serve {

class HealthProbes {
  public:
    /// `http`: the control thread's. Checks what the table's nodes ask for until it is destroyed.
    HealthProbes(http::Engine& http, registry::Table& table, registry::HealthChecks::Warn warn);
    ~HealthProbes();
    HealthProbes(const HealthProbes&) = delete;

    /// The table changed: a check may be due.
    void look();

  private:
    void probe(const registry::HealthChecks::Target& target, registry::HealthChecks::Done done);

    http::Engine& http_;
    registry::HealthChecks checks_;
    registry::Table& table_;
    registry::Table::Ticket ticket_;
    struct Due : Timer {
        HealthProbes* owner;
    } due_;
};

}  // namespace microhost::serve
