/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of the process: what is loaded, what it costs, load, reload, unload. Draft. */
#ifndef MICROHOST_DRAFT_MODULES_H
#define MICROHOST_DRAFT_MODULES_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_MODULES "mh.modules/1"

enum {
    MH_MODULE_STATE_LOADING = 0,
    MH_MODULE_STATE_RUNNING = 1,
    MH_MODULE_STATE_DRAINING = 2,
    MH_MODULE_STATE_PARKED = 3,     /* stopped, its code still mapped */
    MH_MODULE_STATE_FAILED = 4,     /* refused or broken; `detail` says why */
    MH_MODULE_STATE_QUARANTINED = 5 /* crashed repeatedly */
};

/* One generation of a module. Costs are those of the module, over all its generations. What is not known is 0. */
typedef struct mh_module_info {
    uint32_t size;
    int32_t state; /* MH_MODULE_STATE_* */
    mh_str id;
    mh_str version;
    mh_str path; /* the file it came from */
    mh_str summary;
    mh_str detail;       /* why it failed, or what it is waiting for; empty otherwise */
    mh_str manifest;     /* JSON */
    uint64_t generation; /* counts the loads of this id, from 1 */
    int64_t loaded_ms;   /* since 1970, UTC */
    uint64_t calls;      /* hooks and callbacks */
    uint64_t cpu_us;     /* spent in them, sampled */
    uint64_t longest_us; /* the longest one that was seen */
    uint64_t stalls;     /* how often the watchdog found it too long */
    uint64_t errors;     /* negative answers, failed verdicts, panics */
    uint64_t bytes;      /* of code and data mapped for it */
    uint32_t requests;   /* in flight */
    uint32_t handles;    /* streams, timers, watches, calls, tokens that it holds */
} mh_module_info;

typedef struct mh_modules {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each generation that is mapped or failed, in the order of loading.
     * [main] [lent: until fn returns] */
    mh_status (*each)(const mh_host *h, void (*fn)(void *user, const mh_module_info *i), void *user);
    /* Loads a module by name, or by path when there is a "/" in it. done(user, status, text) comes on [main], once, when it runs
     * or was refused (any negative status); text is the line for the operator. `done` may be NULL. The same for the three below.
     * [main] [copied] */
    mh_status (*load)(const mh_host *h, mh_str name, void (*done)(void *user, mh_status s, mh_str text), void *user);
    /* Loads the file again beside the running generation and replaces it. Nothing is lost when that fails.
     * [main] [copied] */
    mh_status (*reload)(const mh_host *h, mh_str id, void (*done)(void *user, mh_status s, mh_str text), void *user);
    /* Drains and removes it. Refused while another module requires it, and for an active access filter.
     * [main] [copied] */
    mh_status (*unload)(const mh_host *h, mh_str id, void (*done)(void *user, mh_status s, mh_str text), void *user);
    /* Ends a quarantine and loads the module.
     * [main] [copied] */
    mh_status (*release)(const mh_host *h, mh_str id, void (*done)(void *user, mh_status s, mh_str text), void *user);
} mh_modules;

#ifdef __cplusplus
}
#endif
#endif
