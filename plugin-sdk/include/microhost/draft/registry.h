/* SPDX-License-Identifier: Apache-2.0 */
/* Which services exist, where their nodes are, what their endpoints take; in-process services included. Draft.
 *
 * A view is a snapshot: everything in it stays as it is until the callback returns, or until release() of a retained one.
 */
#ifndef MICROHOST_DRAFT_REGISTRY_H
#define MICROHOST_DRAFT_REGISTRY_H

#include <microhost/draft/json.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_REGISTRY "mh.registry/1"

typedef struct mh_registry_view mh_registry_view;
typedef struct mh_service_view mh_service_view; /* one name and version */

enum {
    MH_SERVICE_UNKNOWN = 0,
    MH_SERVICE_ALIVE = 1,
    MH_SERVICE_GONE = 2 /* seen within the last ten minutes, no live node now */
};

typedef struct mh_endpoint_view {
    uint32_t size;
    uint32_t n_metadata;
    mh_str name;
    const mh_kv *metadata;
    const mh_json_value *request; /* Micro's Value, or NULL */
    const mh_json_value *response;
} mh_endpoint_view;

typedef struct mh_node_view {
    uint32_t size;
    uint32_t n_metadata;
    mh_str id;
    mh_str address; /* "host:port"; empty for an in-process one */
    const mh_kv *metadata;
} mh_node_view;

/* One place where services come from. */
typedef struct mh_registry_source {
    uint32_t size;
    uint32_t flags;    /* 0 */
    mh_str name;       /* "directory", "mdns" */
    mh_str place;      /* the folder that is read; empty for other sources */
    mh_str problem;    /* why it tells nothing now, in a sentence; empty: it has told all that it knows */
    uint32_t services; /* names with a version */
    uint32_t nodes;
} mh_registry_source;

typedef struct mh_registry {
    uint32_t size;
    uint32_t reserved;

    /* The table as it is now on this thread. Never NULL.
     * [loop] [main] [lent: until return to the host] */
    const mh_registry_view *(*now)(const mh_host *h);
    /* Keeps a view beyond the callback; release() on the same thread.
     * [loop] [main] */
    const mh_registry_view *(*retain)(const mh_registry_view *v);
    /* [loop] [main] */
    void (*release)(const mh_registry_view *v);
    /* A number that changes with every change of the table.
     * [loop] [main] */
    uint64_t (*revision)(const mh_registry_view *v);

    /* MH_SERVICE_*. O(1).
     * [loop] [main] */
    int32_t (*state)(const mh_registry_view *v, mh_str name);
    /* The known name nearest to this one, for an error text; empty when none is near.
     * [loop] [main] [lent: as the view] */
    mh_str (*nearest)(const mh_registry_view *v, mh_str name);

    /* Services, one entry per name and version, sorted.
     * [loop] [main] [lent: as the view] */
    uint32_t (*count)(const mh_registry_view *v);
    /* [loop] [main] [lent: as the view] */
    const mh_service_view *(*at)(const mh_registry_view *v, uint32_t i);
    /* First entry of a name, or NULL; with `version` empty any.
     * [loop] [main] [lent: as the view] */
    const mh_service_view *(*find)(const mh_registry_view *v, mh_str name, mh_str version);

    /* [loop] [main] [lent: as the view] */
    mh_str (*name)(const mh_service_view *s);
    /* [loop] [main] [lent: as the view] */
    mh_str (*version)(const mh_service_view *s);
    /* The service as Micro's JSON, nodes and endpoints included.
     * [loop] [main] [lent: as the view] */
    mh_str (*json)(const mh_service_view *s);
    /* [loop] [main] */
    uint32_t (*endpoint_count)(const mh_service_view *s);
    /* MH_E_NOT_FOUND past the end. Set out->size first.
     * [loop] [main] [lent: as the view] */
    mh_status (*endpoint_at)(const mh_service_view *s, uint32_t i, mh_endpoint_view *out);
    /* By name.
     * [loop] [main] [lent: as the view] */
    mh_status (*endpoint)(const mh_service_view *s, mh_str name, mh_endpoint_view *out);
    /* [loop] [main] */
    uint32_t (*node_count)(const mh_service_view *s);
    /* [loop] [main] [lent: as the view] */
    mh_status (*node_at)(const mh_service_view *s, uint32_t i, mh_node_view *out);

    /* Calls fn on this thread now and after every change. `*out` is for unwatch.
     * [loop] [main] */
    mh_status (*watch)(const mh_host *h, void (*fn)(void *user, const mh_registry_view *v), void *user, mh_token *out);
    /* [thread of watch] */
    mh_status (*unwatch)(mh_token t);

    /* Announces a node given as Micro's Service JSON with one node, kept alive by the host until deregister or the module's
     * end. MH_E_INVALID with host->error() for JSON that is no service.
     * [main] [copied] */
    mh_status (*enlist)(const mh_host *h, mh_str service_json, uint32_t ttl_s, mh_token *out);
    /* [main] */
    mh_status (*deregister)(mh_token t);

    /* Calls fn for each place where services are looked for, the host's own first.
     * [main] [lent: until fn returns] */
    mh_status (*sources)(const mh_host *h, void (*fn)(void *user, const mh_registry_source *s), void *user);
    /* Writes the nodes of a service, given as Micro's Service JSON, into the registry folder of this host, for everybody who
     * reads it. They outlive module and process: they go with remove(), or when `ttl_s` seconds have passed without another
     * put() (0: 366 days, the longest). All or none. MH_E_INVALID for JSON that is no service with nodes, MH_E_IO where the
     * folder cannot be written; fault() says what is wrong.
     * [main] [copied] */
    mh_status (*put)(const mh_host *h, mh_str service_json, uint32_t ttl_s);
    /* Takes nodes out of the folder again, whoever wrote them; those that are named by id in the JSON, of that service only. Who
     * keeps a node alive writes it again. MH_E_NOT_FOUND when none of them is there; else as put().
     * [main] [copied] */
    mh_status (*remove)(const mh_host *h, mh_str service_json);
    /* Why the last put() or remove() was refused: one line for whoever asked.
     * [main] [lent: until the next of them] */
    mh_str (*fault)(const mh_host *h);
} mh_registry;

#ifdef __cplusplus
}
#endif
#endif
