// SPDX-License-Identifier: Apache-2.0
/// What the calls into a module cost, by hook: services, timers, callbacks. Filters and handlers have handles of their own.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>

#include "loop/loop.hpp"
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
    /// Of this thread's loop; null on a thread without one. `hook` is a literal.
    observe::ModuleCost* find(const char* hook) noexcept {
        const Loop* loop = Loop::current();
        if (!loop || !metrics_) return nullptr;
        if (const auto& entries = by_loop_[loop->index()])
            for (Entry& e : *entries)
                if (e.hook == hook) return &e.cost;
        return add(loop->index(), hook);
    }

  private:
    struct Entry {
        const char* hook;
        observe::ModuleCost cost;
    };
    observe::ModuleCost* add(unsigned loop, const char* hook) noexcept;

    observe::Metrics* metrics_ = nullptr;
    size_t loops_ = 0;
    std::string module_;
    // Made by the loop itself; calls nest, so addresses stay.
    std::array<std::unique_ptr<std::deque<Entry>>, Loop::kMaxLoops> by_loop_;
};

/// Counts one call, and tells the watchdog whose it is. Calls nest.
class InCall {
  public:
    InCall(CallCosts& costs, const char* module, const char* hook)
        : loop_(Loop::current()),
          before_(loop_ ? loop_->in_module() : nullptr),
          cost_(costs.find(hook)),
          begun_(cost_ ? cost_->begin() : 0) {
        if (loop_) loop_->enter(module);
    }
    ~InCall() {
        if (loop_) loop_->enter(before_);
        if (cost_) cost_->end(begun_);
    }
    InCall(const InCall&) = delete;

  private:
    Loop* loop_;
    const char* before_;
    observe::ModuleCost* cost_;
    uint64_t begun_;
};

}  // namespace microhost::module
