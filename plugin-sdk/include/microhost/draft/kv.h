/* SPDX-License-Identifier: Apache-2.0 */
/* Small shared state that survives the reload of a module: counters, sessions, caches. Draft. */
#ifndef MICROHOST_DRAFT_KV_H
#define MICROHOST_DRAFT_KV_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_KV "mh.kv/1"

/* Keys up to 512 bytes, values up to 64 KiB, in a namespace of the module. `ttl_ms` 0: for ever. At most 100000 keys a module.
 *
 * The namespace ends with the process, unless the manifest says "kv": {"durable": true}. Then it is kept in STATE_DIR/kv/ID, and
 * is there before create(): what was set more than a second ago is there again after a crash, and everything after an orderly
 * end. A time to live goes on while no process runs. When it cannot be kept (the disk is full, the folder
 * cannot be written), the log says so, and the keys live in memory as without it. All of a durable namespace is at most 64 MiB:
 * MH_E_LIMIT. */
typedef struct mh_kv_store {
    uint32_t size;
    uint32_t reserved;

    /* Copies the value into `buf` (at most `cap` bytes); `*len` is its whole length, `*revision` its revision for cas. Either may
     * be NULL. MH_E_NOT_FOUND.
     * [any] */
    mh_status (*get)(const mh_host *h, mh_str key, void *buf, size_t cap, size_t *len, uint64_t *revision);
    /* [any] [copied] */
    mh_status (*set)(const mh_host *h, mh_str key, mh_seg value, uint64_t ttl_ms);
    /* Sets when the revision is still this one (0: the key does not exist). MH_E_EXISTS otherwise.
     * [any] [copied] */
    mh_status (*cas)(const mh_host *h, mh_str key, uint64_t revision, mh_seg value, uint64_t ttl_ms);
    /* Adds to a decimal number, 0 when absent; `*out` is the new value. MH_E_INVALID when the value is no number.
     * [any] */
    mh_status (*incr)(const mh_host *h, mh_str key, int64_t by, uint64_t ttl_ms, int64_t *out);
    /* [any] */
    mh_status (*remove)(const mh_host *h, mh_str key);
} mh_kv_store;

#ifdef __cplusplus
}
#endif
#endif
