/* SPDX-License-Identifier: Apache-2.0 */
/* Timers on the calling loop. Draft. */
#ifndef MICROHOST_DRAFT_TIMER_H
#define MICROHOST_DRAFT_TIMER_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_TIMER "mh.timer/1"

typedef struct mh_timer {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn(arg) on this thread after `delay_ms`, then every `period_ms` if that is not 0. Granularity 100 ms, never early.
     * Timers end with the module. 0 on failure.
     * [loop] [main] */
    mh_token (*start)(const mh_host *h, uint32_t delay_ms, uint32_t period_ms, void (*fn)(void *arg), void *arg);
    /* After it, fn is not called again. MH_E_GONE when it is over, MH_E_WRONG_THREAD off its thread.
     * [loop] [main] */
    mh_status (*cancel)(mh_token t);
} mh_timer;

#ifdef __cplusplus
}
#endif
#endif
