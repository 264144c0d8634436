// SPDX-License-Identifier: Apache-2.0
/// Calls into a module: nothing that it throws goes further, and a watchdog can tell whose turn it is.
#pragma once

#include <microhost/base.h>

#include <utility>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/program.hpp"

namespace microhost::http {

/// Notes whose hook the loop is in, for the watchdog, and what it costs, for the metrics.
class InModule {
  public:
    InModule(Loop& loop, const char* module, observe::ModuleCost* cost)
        : loop_(loop), before_(loop.in_module()), cost_(cost), begun_(cost ? cost->begin() : 0) {
        loop_.enter(module);
    }
    ~InModule() {
        loop_.enter(before_);
        if (cost_) cost_->end(begun_);
    }
    InModule(const InModule&) = delete;

  private:
    Loop& loop_;
    const char* before_;  // calls nest
    observe::ModuleCost* cost_;
    uint64_t begun_;
};

/// A filter hook. An exception counts as MH_V_FAIL.
template <class F>
mh_verdict guarded(Exchange& x, FilterLink& l, Hook hook, F&& call) noexcept {
    InModule in(x.engine().loop, l.module,
                l.costs ? &(*l.costs)[static_cast<size_t>(hook)] : nullptr);
    try {
        return call();
    } catch (...) {
        return MH_V_FAIL;
    }
}

/// A handler. An exception counts as MH_E_PANIC.
template <class F>
mh_status guarded(Exchange& x, F&& call) noexcept {
    InModule in(x.engine().loop, x.program().module, x.program().handler_cost);
    try {
        return call();
    } catch (...) {
        return MH_E_PANIC;
    }
}

}  // namespace microhost::http
