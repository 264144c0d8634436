// SPDX-License-Identifier: Apache-2.0
/// What the calls into a module cost, by hook: services, timers, callbacks. Filters and handlers have handles of their own.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>

#include "loop/loop.hpp"
#include "module/marks.hpp"
#include "observe/module_cost.hpp"

namespace microhost::observe {
class Metrics;
}

namespace microhost::module {

/// Each loop has its own part, so nothing is locked. Not to be moved.
class CallCosts {
  public:
    CallCosts() = default;
    CallCosts(const CallCosts&) = delete;

    /// Begins to count, for the control thread and this many loops. [main] Before the first call.
    void use(observe::Metrics& metrics, size_t loops, std::string module);
    struct Entry {
        const char* hook;
        observe::ModuleCost cost;
        const HookMark* mark;
    };
    /// Of this thread's loop; null on a thread without one. `hook` is a literal.
    Entry* find(const char* hook) noexcept {
        const Loop* loop = Loop::current();
        if (!loop || !metrics_) return nullptr;
        if (const auto& entries = by_loop_[loop->index()])
            for (Entry& e : *entries)
                if (e.hook == hook) return &e;
        return add(loop->index(), hook);
    }
    Marks marks;

  private:
    Entry* add(unsigned loop, const char* hook) noexcept;

    observe::Metrics* metrics_ = nullptr;
    size_t loops_ = 0;
    std::string module_;
    // Made by the loop itself; calls nest, so addresses stay.
    std::array<std::unique_ptr<std::deque<Entry>>, Loop::kMaxLoops> by_loop_;
};

/// Counts one call, and tells the watchdog and the crash line whose it is. Calls nest.
class InCall {
  public:
    InCall(CallCosts& costs, const char* hook)
        : own_{&costs.marks.module, hook},
          entry_(costs.find(hook)),
          // What is on this stack may be read by this thread only, and nobody watches one without a loop.
          in_(Loop::activity_here(), entry_            ? entry_->mark
                                     : Loop::current() ? nullptr
                                                       : &own_),
          begun_(entry_ ? entry_->cost.begin() : 0) {}
    ~InCall() {
        if (entry_) entry_->cost.end(begun_);
    }
    InCall(const InCall&) = delete;

  private:
    HookMark own_;
    CallCosts::Entry* entry_;
    InHook in_;
    uint64_t begun_;
};

}  // namespace microhost::module
