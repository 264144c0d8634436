/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines that never block. Frozen.
 *
 * The host adds the time, the module's id and, with a request, the request id. Control characters are escaped by the host, so
 * untrusted text may be logged as it is.
 */
#ifndef MICROHOST_LOG_H
#define MICROHOST_LOG_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_LOG "mh.log/1"

enum { MH_LOG_DEBUG = 0, MH_LOG_INFO = 1, MH_LOG_WARN = 2, MH_LOG_ERROR = 3 };

typedef struct mh_log {
    uint32_t size;
    uint32_t reserved;

    /* The lowest level that is written now; it can change at any time. Compare before formatting an expensive line.
     * [any] */
    int32_t (*level)(const mh_host *h);

    /* One line with fields. `text` and the fields are copied. Lines over 8 KiB are cut; when the queue is full the line is
     * dropped and counted, and the log says so.
     * [any] */
    void (*write)(const mh_host *h, int32_t level, mh_str text, const mh_kv *fields, uint32_t n);

    /* The same for a request: the host adds its id.
     * [loop] */
    void (*write_req)(const mh_host *h, mh_req *r, int32_t level, mh_str text, const mh_kv *fields, uint32_t n);
} mh_log;

#ifdef __cplusplus
}
#endif
#endif
