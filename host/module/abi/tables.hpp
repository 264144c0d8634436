// SPDX-License-Identifier: Apache-2.0
/// The tables of the basic interfaces, one source file each. Every entry point takes NULL and nonsense for an error code.
#pragma once

#include <microhost/config.h>
#include <microhost/draft/event.h>
#include <microhost/draft/file.h>
#include <microhost/draft/health.h>
#include <microhost/draft/json.h>
#include <microhost/draft/kv.h>
#include <microhost/draft/limit.h>
#include <microhost/draft/loop.h>
#include <microhost/draft/metrics.h>
#include <microhost/draft/thread_check.h>
#include <microhost/draft/timer.h>
#include <microhost/draft/work.h>
#include <microhost/log.h>

namespace microhost::module {

class InterfaceTable;

extern const mh_log kLogTable;
extern const mh_config_api kConfigTable;
extern const mh_json kJsonTable;
extern const mh_metrics kMetricsTable;
extern const mh_health kHealthTable;
extern const mh_event_bus kEventTable;
extern const mh_file kFileTable;
extern const mh_work kWorkTable;
extern const mh_timer kTimerTable;
extern const mh_loop kLoopTable;
extern const mh_thread_check kThreadCheckTable;
extern const mh_kv_store kKvTable;
extern const mh_limit kLimitTable;

/// Offers all of them.
void offer_basics(InterfaceTable& interfaces);

}  // namespace microhost::module
