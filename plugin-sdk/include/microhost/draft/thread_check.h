/* SPDX-License-Identifier: Apache-2.0 */
/* On which thread am I? For assertions of a module. Draft. */
#ifndef MICROHOST_DRAFT_THREAD_CHECK_H
#define MICROHOST_DRAFT_THREAD_CHECK_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_THREAD_CHECK "mh.thread-check/1"

enum { MH_THREAD_FOREIGN = 0, MH_THREAD_MAIN = 1, MH_THREAD_LOOP = 2, MH_THREAD_WORKER = 3 };

typedef struct mh_thread_check {
    uint32_t size;
    uint32_t reserved;

    /* MH_THREAD_*; `*loop` is the index on a request loop, MH_LOOP_MAIN else. `loop` may be NULL.
     * [any] */
    int32_t (*current)(const mh_host *h, uint32_t *loop);
} mh_thread_check;

#ifdef __cplusplus
}
#endif
#endif
