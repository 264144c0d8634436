/* SPDX-License-Identifier: Apache-2.0 */
/* A source of services: mdns, etcd, a file, a cloud. Draft.
 *
 * The host merges all providers into the table that registry.h shows, remembers what a silent provider said last, and asks
 * every provider to announce what is enlisted in this process.
 */
#ifndef MICROHOST_DRAFT_REGISTRY_PROVIDER_H
#define MICROHOST_DRAFT_REGISTRY_PROVIDER_H

#include <microhost/draft/registry.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_REGISTRY_PROVIDER "mh.registry.provider/1"

/* Contributed with mh_host.contribute(MH_REGISTRY_PROVIDER, &provider). */
typedef struct mh_registry_provider {
    uint32_t size;
    uint32_t priority; /* when two providers know a node by the same id, the higher one wins; the directory has 100 */
    const char *name;  /* "mdns"; unique in the process: at most 64 of a-z 0-9 - _ . beginning with a letter; not "directory",
                        * "memory" or "process", which are the host's */
    void *user;

    /* Begins to report what there is and what changes through MH_REGISTRY_SINK, and ends with synced() once. Called after the
     * module's start(). A negative status, after host->error(), makes the provider's health failing.
     * [main] */
    mh_status (*start)(void *user);
    /* No report is taken any more. What was announced and not withdrawn has been taken over by the next generation of the module,
     * which has announced it already: leave it alone. May be NULL.
     * [main] */
    void (*stop)(void *user);
    /* Announces a node of this process, given as Micro's Service JSON with one node, until withdraw(); the provider refreshes it
     * well within `ttl_s`. May be NULL: this provider only reads. `key` names the node in withdraw(); it stays the same over the
     * generations of the module. Called between start() and stop(). Retrying is the provider's own task; a negative status, after
     * host->error(), says that it never will: one line in the log.
     * [main] [lent: until return] */
    mh_status (*announce)(void *user, uint64_t key, mh_str service_json, uint32_t ttl_s);
    /* The node is announced no more, also when the process stops: take it back, unless somebody else has put theirs in its place.
     * May be NULL.
     * [main] */
    void (*withdraw)(void *user, uint64_t key);
    /* Somebody asked for a name that is not in the table: look it up now, if this provider learns only when it asks; report what
     * was found and then answer with looked_up(). A name is asked for once at a time, and not again for some seconds after it was
     * not found. May be NULL: the provider knows everything by itself.
     * [main] [lent: until return] */
    void (*look_up)(void *user, mh_str name);
} mh_registry_provider;

#define MH_REGISTRY_SINK "mh.registry.sink/1"

/* `p` is the descriptor that the module of `h` contributed. What is reported before start() or after stop() is not taken:
 * MH_E_GONE. MH_E_BUSY when 100 000 reports wait to be read. */
typedef struct mh_registry_sink {
    uint32_t size;
    uint32_t reserved;

    /* A service of one name and version with the nodes that it has now, as Micro's JSON; replaces what this provider said about
     * that name and version before; without nodes it is gone. `ttl_s` 0: until it is replaced or removed; else it is forgotten
     * unless it is reported again in time, but not while the source is in trouble(). MH_E_INVALID, after a warning in the log,
     * for JSON that is no service; what was known of it stays.
     * [any] [copied] */
    mh_status (*upsert)(const mh_host *h, const mh_registry_provider *p, mh_str service_json, uint32_t ttl_s);
    /* One node is gone; with `node_id` empty all nodes of the name and version, with `version` empty too those of all versions.
     * [any] [copied] */
    mh_status (*remove)(const mh_host *h, const mh_registry_provider *p, mh_str name, mh_str version, mh_str node_id);
    /* Everything that was known at start has been reported: the process may become ready. What the file of the last run or the
     * generation before said, and this one did not, is forgotten.
     * [any] */
    mh_status (*synced)(const mh_host *h, const mh_registry_provider *p);
    /* A look_up() is done, found or not.
     * [any] [copied] */
    mh_status (*looked_up)(const mh_host *h, const mh_registry_provider *p, mh_str name);
    /* The source cannot be reached (or can again, MH_OK). The host keeps what it last said, marks it stale and shows `text`.
     * [any] [copied] */
    void (*trouble)(const mh_host *h, const mh_registry_provider *p, mh_status s, mh_str text);
} mh_registry_sink;

#ifdef __cplusplus
}
#endif
#endif
