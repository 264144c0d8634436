/* SPDX-License-Identifier: Apache-2.0 */
/* What a module hands to its next generation when it is reloaded. Draft.
 *
 * The manifest's `reload` names the schema that the module writes and those that it can read. Sequence: new create() -> old
 * save() -> new load() -> new start(), shards -> published. If the new one fails after save(), the old one gets resume() and goes
 * on. A module without this table starts cold: connections that it holds end with the old generation.
 */
#ifndef MICROHOST_DRAFT_STATE_H
#define MICROHOST_DRAFT_STATE_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_STATE "mh.state/1"

/* Where save() puts the bytes. */
typedef struct mh_state_writer {
    uint32_t size;
    uint32_t reserved;
    void *impl;
    /* Appends; at most 16 MiB in total, then MH_E_LIMIT.
     * [main] [copied] */
    mh_status (*write)(const struct mh_state_writer *w, mh_seg bytes);
} mh_state_writer;

/* Module side, through mh_module.get. */
typedef struct mh_state {
    uint32_t size;
    uint32_t schema; /* of what save() writes; as in the manifest */

    /* Writes the state and lets go of what the next generation takes over (net_stream's park()): from here on this generation
     * begins nothing new. A negative status makes the reload fail.
     * [main] */
    mh_status (*save)(const mh_module *m, const mh_state_writer *w);
    /* Takes it over; `schema` is the writer's. Before start(). A negative status, after host->error(), makes the reload fail.
     * [main] [lent: until return] */
    mh_status (*load)(const mh_module *m, uint32_t schema, mh_seg bytes);
    /* The reload failed: take back what save() let go, from the bytes that it wrote, and go on. May be NULL when save() lets
     * nothing go.
     * [main] [lent: until return] */
    void (*resume)(const mh_module *m, mh_seg bytes);
} mh_state;

#ifdef __cplusplus
}
#endif
#endif
