// SPDX-License-Identifier: Apache-2.0
/// What only the request loops know, fetched from them without making them wait.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/sources.hpp"
#include "http/upstream.hpp"

namespace microhost::control {

struct FilterCounts {
    uint64_t continued = 0, answered = 0, failed = 0, suspended = 0, timed_out = 0;
    http::OnError on_error = http::OnError::closed;
};

/// Of one loop; summed up, of all.
struct LoopFigures {
    std::map<std::string, uint64_t, std::less<>> connections;  // by listener
    std::map<std::string, FilterCounts, std::less<>> filters;  // by instance
    std::map<std::string, uint64_t, std::less<>> broken;       // filter -> loops without its shard
    std::map<std::string, http::SiteFigures, std::less<>> listeners;
    struct Upstream {
        uint64_t idle = 0, busy = 0;
        http::UpstreamFigures figures;
    };
    std::map<std::string, Upstream, std::less<>> upstreams;

    void add(const LoopFigures& other);
};

/// The figures of each loop as it told them last. Thread: main.
class Census {
  public:
    Census(Loop& control, std::vector<Loop*> loops, SiteVisit each_site);

    /// Asks every loop; `done` is called on main when all have answered, which a loop that hangs does not. With no loops:
    /// at once. `sites`: there are listeners, and they may be looked at.
    void ask(bool sites, std::function<void()> done);
    LoopFigures total() const;

  private:
    struct Known;
    Loop& control_;
    std::vector<Loop*> loops_;
    SiteVisit each_site_;
    std::shared_ptr<Known> known_;  // answers may come when the census is gone
};

}  // namespace microhost::control
