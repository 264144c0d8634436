// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"
#include "module/work_pool.hpp"

namespace microhost::module {
namespace {

mh_status run(const mh_host* h, void (*work)(void*), void (*done)(void*, mh_status), void* arg) {
    HostSide* side = HostSide::find(h);
    if (!side || !work || !done) return MH_E_INVALID;
    Loop* home = Loop::current();
    if (!home) return MH_E_WRONG_THREAD;
    return side->environment.work->submit(side, *home, work, done, arg);
}

}  // namespace

const mh_work kWorkTable{sizeof(mh_work), 0, run};

}  // namespace microhost::module
