// SPDX-License-Identifier: Apache-2.0
/// One change of what the process is made of: modules, their configuration, filters, listeners. It is prepared beside what
/// runs, then published by one step on each loop, or given up without a trace. The start is a change from nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "module/check.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {

/// What is to be.
struct Wanted {
    config::Config config;
    std::vector<module::CandidatePtr> modules;  // in loading order
    std::vector<AbsentModule> absent;           // that should run, and do not
};

/// Thread: main.
class Change : public std::enable_shared_from_this<Change> {
  public:
    using Done = std::function<void(Result<>)>;

    /// `done` comes once, perhaps before this returns: it is published on every loop, or nothing has changed and the error says
    /// why. Generations that were replaced may still have requests. One change at a time.
    static void run(Runtime::State& state, Wanted wanted, Done done);

  private:
    /// A generation that comes to be in this change, and the one that it replaces, or null.
    struct Pair {
        module::CandidatePtr candidate;
        module::Generation* old = nullptr;
        module::Generation* fresh = nullptr;
        bool state_saved = false;
        std::string state;  // what the old one wrote
    };

    Change(Runtime::State& state, Wanted wanted, Done done);
    Result<> compare();
    Result<> create();
    Result<> hand_over(Pair& p);
    Result<> prepare_configs();
    void started(Result<> r);
    Result<> lay_out();
    void publish(StagedSitesPtr staged);
    void published();
    void give_up(Error why);
    std::vector<module::Generation*> leaving() const;

    Runtime::State& s_;
    Wanted wanted_;
    Done done_;
    std::vector<Pair> pairs_;                      // in loading order
    std::vector<module::Generation*> removed_;     // wanted no more
    std::vector<module::Generation*> configured_;  // take their new configuration while they run
    std::shared_ptr<const net::PrefixSet> trusted_;
    module::Published next_;
    FilterSet filters_;
    SitePlans sites_;
    StagedSitesPtr staged_;
};

}  // namespace microhost::serve
