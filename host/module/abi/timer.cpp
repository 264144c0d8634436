// SPDX-License-Identifier: Apache-2.0
#include "module/timers.hpp"

#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"

namespace microhost::module {
namespace {

mh_token start(const mh_host* h, uint32_t delay_ms, uint32_t period_ms, void (*fn)(void*),
               void* arg) {
    HostSide* side = HostSide::find(h);
    return side && fn ? side->environment.timers->start(*side, delay_ms, period_ms, fn, arg) : 0;
}

mh_status cancel(mh_token t) { return Timers::cancel(t); }

}  // namespace

const mh_timer kTimerTable{sizeof(mh_timer), 0, start, cancel};

}  // namespace microhost::module
