/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking work, on a bounded pool of threads. Draft. */
#ifndef MICROHOST_DRAFT_WORK_H
#define MICROHOST_DRAFT_WORK_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_WORK "mh.work/1"

typedef struct mh_work {
    uint32_t size;
    uint32_t reserved;

    /* Runs run(arg) on a worker, then done(arg, MH_OK) on the thread that asked. done(arg, MH_E_CANCELLED) without run when
     * the host stops first. Exactly one call of done. MH_E_BUSY, and no call at all, when the queue (1024) is full.
     * [loop] [main] */
    mh_status (*run)(const mh_host *h, void (*run)(void *arg), void (*done)(void *arg, mh_status s), void *arg);
} mh_work;

#ifdef __cplusplus
}
#endif
#endif
