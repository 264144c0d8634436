/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching a loop from anywhere. Draft. */
#ifndef MICROHOST_DRAFT_LOOP_H
#define MICROHOST_DRAFT_LOOP_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_LOOP "mh.loop/1"

#define MH_LOOP_MAIN 0xffffffffu /* the control thread */

typedef struct mh_loop {
    uint32_t size;
    uint32_t reserved;

    /* Number of request loops; their indices are 0..n-1.
     * [any] */
    uint32_t (*count)(const mh_host *h);
    /* Runs fn(shard, arg) on that loop, with the module's shard there (NULL on MH_LOOP_MAIN or without shards). In order per
     * calling thread. If the loop has stopped, drop(arg) is called instead, when it is not NULL.
     * [any] */
    mh_status (*post)(const mh_host *h, uint32_t loop, void (*fn)(void *shard, void *arg), void *arg, void (*drop)(void *arg));
    /* Runs fn(shard, arg) on every request loop, and after the last one done(arg) on [main], when it is not NULL: the moment
     * from which no loop uses what fn replaced.
     * [any] */
    mh_status (*broadcast)(const mh_host *h, void (*fn)(void *shard, void *arg), void *arg, void (*done)(void *arg));
} mh_loop;

#ifdef __cplusplus
}
#endif
#endif
