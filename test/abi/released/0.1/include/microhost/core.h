/* SPDX-License-Identifier: Apache-2.0 */
/* What the host gives a module, and what a module gives the host. Frozen.
 *
 * Life of a module: create -> start -> shard_create on each loop -> (requests) -> drain -> shard_destroy on each loop -> destroy.
 * A reload runs the new generation's create..shard_create beside the old one, publishes, then drains the old one.
 */
#ifndef MICROHOST_CORE_H
#define MICROHOST_CORE_H

#include <microhost/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mh_host {
    uint32_t size;
    uint32_t abi_epoch;
    const char *name;    /* "microhost"; for logs only, never for decisions */
    const char *version; /* for logs only: ask get() what is supported */
    void *impl;

    /* A host interface by id, such as "mh.log/1"; NULL when this host does not have it. Cache the answer in create(): it is
     * valid until destroy() returns.
     * [any] */
    const void *(*get)(const struct mh_host *h, const char *interface_id);

    /* Offers a descriptor at a named point, for example MH_HTTP_FILTER. The descriptor and all it points to must stay valid
     * and unchanged until destroy() returns. Contributions are a transaction: those of create() and start() are published
     * together after start() succeeded; later ones are published together by publish(). All of a generation's
     * contributions are withdrawn when it is drained. MH_E_EXISTS when this module already contributed that name,
     * MH_E_UNSUPPORTED for an unknown point.
     * [main] */
    mh_status (*contribute)(const struct mh_host *h, const char *point_id, const void *descriptor);

    /* Publishes what was contributed since the last publication. Not needed in create() and start().
     * [main] */
    mh_status (*publish)(const struct mh_host *h);

    /* Says why the failure that is about to be returned happened. `where` is a JSON pointer into the module's config or
     * empty. Both are copied. One line that says what, where and what to do: the operator reads it as it is.
     * [any] */
    void (*error)(const struct mh_host *h, mh_status code, mh_str where, mh_str text);
} mh_host;

enum {
    MH_MODULE_PINNED = 1u << 0,        /* never unmapped after use: it has threads or library state that outlive destroy() */
    MH_MODULE_NO_RELOAD = 1u << 1,     /* only one generation may ever exist in a process */
    MH_MODULE_SPAWNS_THREADS = 1u << 2 /* it starts threads in start() and joins them in destroy() */
};

typedef struct mh_module {
    uint32_t size;
    uint32_t flags;
    void *impl;

    /* Begins work: contribute, start timers. Return MH_OK or an error, after host->error(). May be NULL.
     * [main] */
    mh_status (*start)(const struct mh_module *m);

    /* The module's own state for one loop, handed to its handlers and services there. NULL in the table: no shard is wanted.
     * Returning NULL fails the start. Runs before the first request of that loop.
     * [loop] */
    void *(*shard_create)(const struct mh_module *m, uint32_t loop);

    /* After the last request and callback of that loop.
     * [loop] */
    void (*shard_destroy)(const struct mh_module *m, void *shard);

    /* No new requests come; end long-lived streams by `deadline_ns` (CLOCK_MONOTONIC). May be NULL.
     * [main] */
    void (*drain)(const struct mh_module *m, uint64_t deadline_ns);

    /* Last call. No thread, timer, watch or pointer of the module may remain. May be NULL.
     * [main] */
    void (*destroy)(const struct mh_module *m);

    /* A module-side table by id (MH_CONFIG_SINK, MH_STATE, ...), or NULL. May be NULL in the table.
     * [any] */
    const void *(*get)(const struct mh_module *m, const char *interface_id);
} mh_module;

#ifdef __cplusplus
}
#endif
#endif
