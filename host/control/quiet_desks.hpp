// SPDX-License-Identifier: Apache-2.0
/// What modules read of a process that serves nobody: a trial, or a command that runs in the terminal's own process.
#pragma once

#include "control/config_view.hpp"
#include "control/log_desk.hpp"
#include "control/traffic_feed.hpp"

namespace microhost::control {

/// Thread: main. All references outlive it.
struct QuietDesks {
    QuietDesks(const log::Log& l, Loop& main, const observe::Metrics& metrics,
               std::vector<Loop*> loops, const config::Config& c)
        : log(l, main),
          config([&c]() -> const config::Config& { return c; },
                 [] { return ConfigView::Schemas{}; }),
          census(main, std::move(loops), {}),
          traffic(main, census, metrics, [] { return false; }) {}

    LogDesk log;
    ConfigView config;
    Census census;
    TrafficFeed traffic;
};

}  // namespace microhost::control
