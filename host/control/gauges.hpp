// SPDX-License-Identifier: Apache-2.0
/// Metrics that are made at the moment of the scrape, from what loops told the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "control/census.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {

/// Connections by listener, verdicts by filter, upstream connections, nodes by service, turns by loop, generations by
/// module. Collected on main only; its end removes them.
class Gauges {
  public:
    Gauges(const Sources& sources, const Census& census);
    ~Gauges();
    Gauges(const Gauges&) = delete;
    Gauges& operator=(const Gauges&) = delete;

  private:
    void add(const observe::Definition& own, std::function<void(const observe::Emit&)> produce);

    observe::Metrics& metrics_;
    std::vector<uint32_t> callbacks_;
};

}  // namespace microhost::control
