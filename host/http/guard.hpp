// SPDX-License-Identifier: Apache-2.0
/// Calls into a module: nothing that it throws goes further, and a watchdog can tell whose turn it is.
#pragma once

#include <microhost/base.h>

#include <utility>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/program.hpp"

namespace microhost::http {

/// Notes whose hook the loop is in and for which request, and what it costs, for the metrics.
class InModule {
  public:
    InModule(Exchange& x, const HookMark* hook, observe::ModuleCost& cost)
        : in_(x.engine().loop.activity, hook, &x.id()), cost_(cost), begun_(cost.begin()) {}
    ~InModule() { cost_.end(begun_); }
    InModule(const InModule&) = delete;

  private:
    InHook in_;
    observe::ModuleCost& cost_;
    uint64_t begun_;
};

/// A filter hook. An exception counts as MH_V_FAIL.
template <class F>
mh_verdict guarded(Exchange& x, FilterLink& l, Hook hook, F&& call) noexcept {
    CalledHook& called = l.hooks[static_cast<size_t>(hook)];
    InModule in(x, called.mark, called.cost);
    try {
        return call();
    } catch (...) {
        return MH_V_FAIL;
    }
}

/// A handler. An exception counts as MH_E_PANIC.
template <class F>
mh_status guarded(Exchange& x, F&& call) noexcept {
    InModule in(x, x.program().handler_marks[0], x.program().handler_cost);
    try {
        return call();
    } catch (...) {
        return MH_E_PANIC;
    }
}

}  // namespace microhost::http
