/* SPDX-License-Identifier: Apache-2.0 */
/* Looks names up without blocking. Draft. */
#ifndef MICROHOST_DRAFT_NET_RESOLVE_H
#define MICROHOST_DRAFT_NET_RESOLVE_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_NET_RESOLVE "mh.net.resolve/1"

enum {
    MH_RESOLVE_ADDRESS = 0, /* A and AAAA, ordered as the system would try them */
    MH_RESOLVE_A = 1,
    MH_RESOLVE_AAAA = 2,
    MH_RESOLVE_SRV = 3, /* ordered by priority, then by weighted chance */
    MH_RESOLVE_TXT = 4
};

/* One answer. Frozen with the interface: it stands in arrays. */
typedef struct mh_resolved {
    mh_str text;       /* the address; the target of SRV; the joined strings of TXT */
    uint32_t port;     /* SRV */
    uint32_t priority; /* SRV */
    uint32_t weight;   /* SRV */
    uint32_t ttl_s;    /* 0: not known */
} mh_resolved;

typedef struct mh_net_resolve {
    uint32_t size;
    uint32_t reserved;

    /* Looks a name up and calls fn on this thread, never before this returns, with MH_OK and at least one answer, or with
     * MH_E_NOT_FOUND (no such name or record), MH_E_TIMEOUT (timeout_ms; 0: 5 s, at most 60 s), MH_E_IO and none. `*out` is for
     * cancel; the lookup ends with the module. MH_E_BUSY when too many are under way, MH_E_INVALID for what cannot be a name.
     * [loop] [main] [name copied; answers lent: until fn returns] */
    mh_status (*look_up)(const mh_host *h, mh_str name, int32_t what, uint32_t timeout_ms,
                         void (*fn)(void *user, mh_status s, const mh_resolved *v, uint32_t n), void *user, mh_token *out);
    /* fn is not called any more.
     * [thread of look_up] */
    mh_status (*cancel)(mh_token t);
} mh_net_resolve;

#ifdef __cplusplus
}
#endif
#endif
