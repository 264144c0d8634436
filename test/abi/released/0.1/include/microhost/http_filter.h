/* SPDX-License-Identifier: Apache-2.0 */
/* A filter sees requests and responses on their way: authentication, limits, transformation. Frozen.
 *
 * Contributed with mh_host.contribute(MH_HTTP_FILTER, &filter). The operator configures any number of *instances* of it, each
 * with its own name, match and config; each instance has a *shard* per loop. Requests pass the instances in the order phase,
 * then after/before, then name; responses pass them in reverse.
 *
 * A hook is never called concurrently for one shard and never while a verdict of the same request is pending.
 */
#ifndef MICROHOST_HTTP_FILTER_H
#define MICROHOST_HTTP_FILTER_H

#include <microhost/config.h>
#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_FILTER "mh.http.filter/1"

/* Where in the order. Filters of authn, authz and limit fail closed: if one is missing or broken its routes answer 503. */
enum {
    MH_PHASE_EARLY = 100,
    MH_PHASE_AUTHN = 200,
    MH_PHASE_AUTHZ = 300,
    MH_PHASE_LIMIT = 400,
    MH_PHASE_ROUTE = 500,
    MH_PHASE_TRANSFORM = 600,
    MH_PHASE_UPSTREAM = 700,
    MH_PHASE_RESPONSE = 800,
    MH_PHASE_LOG = 900
};

/* Which hooks to call. A hook whose bit is not set costs nothing. */
enum {
    MH_I_REQUEST = 1u << 0,
    MH_I_REQUEST_BODY = 1u << 1,      /* pieces as they pass */
    MH_I_REQUEST_BODY_FULL = 1u << 2, /* once, with the whole body (at most max_body, else 413) */
    MH_I_RESPONSE = 1u << 3,
    MH_I_RESPONSE_BODY = 1u << 4,
    MH_I_RESPONSE_BODY_FULL = 1u << 5, /* at most max_body, else the response becomes a 502 */
    MH_I_DONE = 1u << 6
};

/* A configured instance of a filter. */
typedef struct mh_filter_instance {
    uint32_t size;
    uint32_t shadow; /* 1: evaluated and logged, never enforced */
    mh_str name;     /* as the operator calls it */
    const mh_config *config;
} mh_filter_instance;

typedef struct mh_http_filter {
    uint32_t size;
    uint32_t interests;       /* MH_I_* */
    uint32_t phase;           /* MH_PHASE_* or a number between */
    uint32_t max_body;        /* bytes, for the *_FULL interests */
    const char *name;         /* unique in the module; the module's id by default when NULL */
    const char *const *after; /* names of filters, NULL-terminated, or NULL */
    const char *const *before;
    void *user; /* handed to instance_create and instance_destroy */

    /* Makes an instance; `*instance` is handed to shard_create. May be NULL: then instance is `user`. On failure call
     * host->error() and return a negative status: the instance counts as broken. `i` is lent until return, i->config until
     * instance_destroy.
     * [main] */
    mh_status (*instance_create)(void *user, const mh_filter_instance *i, void **instance);
    /* After all its shards. May be NULL.
     * [main] */
    void (*instance_destroy)(void *user, void *instance);
    /* State of the instance on one loop, handed to every hook. May be NULL: then the shard is the instance.
     * [loop] */
    void *(*shard_create)(void *instance, uint32_t loop);
    /* [loop] */
    void (*shard_destroy)(void *instance, void *shard);

    /* The head is complete; the body may still be on its way. `h` is lent until return or the next header_edit.
     * [loop] */
    mh_verdict (*on_request)(void *shard, mh_req *r, const mh_header *h, uint32_t n);
    /* Pieces of the body; `fin` is 1 with the last call, which may carry no bytes. Cannot suspend: use body_pause().
     * [loop] [lent: until return] */
    mh_verdict (*on_request_body)(void *shard, mh_req *r, const mh_seg *v, uint32_t n, uint32_t fin);
    /* The head of the response is decided and can still be edited. Also called for responses made by other filters.
     * [loop] */
    mh_verdict (*on_response)(void *shard, mh_req *r, uint32_t status, const mh_header *h, uint32_t n);
    /* [loop] [lent: until return] */
    mh_verdict (*on_response_body)(void *shard, mh_req *r, const mh_seg *v, uint32_t n, uint32_t fin);
    /* A suspended request is over before it was resumed: `t` is stale from now on. MH_E_TIMEOUT or MH_E_CANCELLED.
     * [loop] */
    void (*on_cancel)(void *shard, mh_req *r, mh_token t, mh_status why);
    /* Exactly once for each request whose on_request was called, after the last byte or the end of the connection.
     * `outcome` is MH_OK when the response was sent whole. Needs MH_I_DONE.
     * [loop] */
    void (*on_done)(void *shard, mh_req *r, mh_status outcome);
} mh_http_filter;

#ifdef __cplusplus
}
#endif
#endif
