/* SPDX-License-Identifier: Apache-2.0 */
/* What the module contributes to /readyz. Draft. */
#ifndef MICROHOST_DRAFT_HEALTH_H
#define MICROHOST_DRAFT_HEALTH_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HEALTH "mh.health/1"

enum { MH_HEALTH_OK = 0, MH_HEALTH_DEGRADED = 1, MH_HEALTH_FAILING = 2 };

typedef struct mh_health {
    uint32_t size;
    uint32_t reserved;

    /* Sets the state of one named check of this module, with a sentence for /readyz?verbose. A failing check makes the process
     * not ready; a degraded one is only shown. Checks vanish with the module.
     * [any] [copied] */
    void (*set)(const mh_host *h, const char *check, int32_t state, mh_str text);
} mh_health;

#ifdef __cplusplus
}
#endif
#endif
