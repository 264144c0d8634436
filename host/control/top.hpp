// SPDX-License-Identifier: Apache-2.0
/// The command "top": what comes in, what is called and what modules cost, now.
#pragma once

#include "control/sources.hpp"

namespace microhost::control {

/// What it looks at. All outlive the table.
struct TopSources {
    const observe::Metrics& metrics;
    std::vector<Loop*> loops;       ///< of requests
    SiteVisit each_site;            ///< as in Sources
    std::function<bool()> listens;  ///< there are listeners, and they may be looked at
};

/// Thread: main, before the first module.
void add_top_command(command::Table& table, TopSources sources);

}  // namespace microhost::control
