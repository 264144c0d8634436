/* SPDX-License-Identifier: Apache-2.0 */
/* A rate limit (GCRA) that is exact over all loops: however many loops a key's requests arrive on, no more than the rate
 * plus the burst pass. Draft.
 */
#ifndef MICROHOST_DRAFT_LIMIT_H
#define MICROHOST_DRAFT_LIMIT_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_LIMIT "mh.limit/1"

typedef struct mh_limit_rule {
    uint32_t size;
    uint32_t burst;     /* how many may come at once; at least 1 */
    uint64_t count;     /* so many ... */
    uint64_t period_ms; /* ... in so much time */
} mh_limit_rule;

typedef struct mh_limit_answer {
    uint32_t size;
    uint32_t allowed;        /* 1: counted and allowed; 0: not counted */
    uint64_t retry_after_ms; /* when not allowed: how long until the same cost would be */
    uint64_t remaining;      /* how many more would pass at once */
} mh_limit_answer;

typedef struct mh_limit {
    uint32_t size;
    uint32_t reserved;

    /* A named set of keys, shared by all loops and generations of this module; the same name answers the same set. At most
     * `max_keys` keys are remembered (0: 65536); when it is full of active keys a new key is refused: MH_E_LIMIT.
     * [main] */
    mh_status (*open)(const mh_host *h, const char *name, uint32_t max_keys, uint64_t *set);
    /* Takes `cost` from the key's budget. Lock-free for a known key; a new one spins briefly. Set out->size first.
     * [any] */
    mh_status (*take)(uint64_t set, mh_str key, const mh_limit_rule *rule, uint32_t cost, uint64_t now_ns,
                      mh_limit_answer *out);
} mh_limit;

#ifdef __cplusplus
}
#endif
#endif
