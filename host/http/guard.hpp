// SPDX-License-Identifier: Apache-2.0
/// Calls into a module: nothing that it throws goes further, and a watchdog can tell whose turn it is.
#pragma once

#include <microhost/base.h>

#include <utility>

#include "http/exchange.hpp"
#include "http/site.hpp"

namespace microhost::http {

/// A filter hook. An exception counts as MH_V_FAIL.
template <class F>
mh_verdict guarded(const FilterLink&, F&& call) noexcept {
    try {
        return call();
    } catch (...) {
        return MH_V_FAIL;
    }
}

/// A handler. An exception counts as MH_E_PANIC.
template <class F>
mh_status guarded(const Exchange&, F&& call) noexcept {
    try {
        return call();
    } catch (...) {
        return MH_E_PANIC;
    }
}

}  // namespace microhost::http
