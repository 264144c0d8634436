// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"
#include "module/abi/tables.hpp"
#include "module/environment.hpp"
#include "module/host_side.hpp"
#include "module/work_pool.hpp"

namespace microhost::module {
namespace {

int32_t current(const mh_host* h, uint32_t* loop) {
    if (loop) *loop = MH_LOOP_MAIN;
    const HostSide* side = HostSide::find(h);
    const Loop* here = Loop::current();
    if (!side) return MH_THREAD_FOREIGN;
    if (!here) return WorkPool::on_worker() ? MH_THREAD_WORKER : MH_THREAD_FOREIGN;
    if (here == &side->environment.control) return MH_THREAD_MAIN;
    if (loop) *loop = here->index();
    return MH_THREAD_LOOP;
}

}  // namespace

const mh_thread_check kThreadCheckTable{sizeof(mh_thread_check), 0, current};

}  // namespace microhost::module
