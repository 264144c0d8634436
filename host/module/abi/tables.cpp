// SPDX-License-Identifier: Apache-2.0
#include "module/abi/tables.hpp"

#include "module/host_interface.hpp"

namespace microhost::module {

void offer_basics(InterfaceTable& interfaces) {
    interfaces.offer(MH_LOG, &kLogTable);
    interfaces.offer(MH_CONFIG, &kConfigTable);
    interfaces.offer(MH_JSON, &kJsonTable);
    interfaces.offer(MH_METRICS, &kMetricsTable);
    interfaces.offer(MH_HEALTH, &kHealthTable);
    interfaces.offer(MH_EVENT_BUS, &kEventTable);
    interfaces.offer(MH_FILE, &kFileTable);
    interfaces.offer(MH_WORK, &kWorkTable);
    interfaces.offer(MH_TIMER, &kTimerTable);
    interfaces.offer(MH_LOOP, &kLoopTable);
    interfaces.offer(MH_THREAD_CHECK, &kThreadCheckTable);
    interfaces.offer(MH_KV, &kKvTable);
    interfaces.offer(MH_LIMIT, &kLimitTable);
}

}  // namespace microhost::module
