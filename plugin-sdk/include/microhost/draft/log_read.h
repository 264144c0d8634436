/* SPDX-License-Identifier: Apache-2.0 */
/* The log lines that the process wrote last, and those that follow: for pages and commands that show them. Draft. */
#ifndef MICROHOST_DRAFT_LOG_READ_H
#define MICROHOST_DRAFT_LOG_READ_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_LOG_READ "mh.log.read/1"

/* A line as it was written. Text and fields are untrusted: escape them for where they are shown. */
typedef struct mh_log_record {
    uint32_t size;
    int32_t level;     /* MH_LOG_* */
    uint64_t seq;      /* counts the lines of this process, from 1; a gap is a line that was dropped */
    int64_t time_ms;   /* since 1970, UTC */
    mh_str module;     /* id of the module that wrote it; empty for the host */
    mh_str request_id; /* empty without a request */
    mh_str text;
    const mh_kv *fields;
    uint32_t n_fields;
    uint32_t reserved;
} mh_log_record;

/* Which lines. An empty string matches all. */
typedef struct mh_log_filter {
    uint32_t size;
    int32_t min_level; /* MH_LOG_* */
    mh_str module;
    mh_str request_id;
    mh_str contains; /* bytes that the text or a field's value contains */
} mh_log_filter;

typedef struct mh_log_read {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for the lines after number `since` (0: from the oldest that is kept), oldest first, at most `max` of them: of
     * more, the newest. The host keeps the last 2000. `filter` may be NULL.
     * [main] [lent: until fn returns] */
    mh_status (*recent)(const mh_host *h, const mh_log_filter *filter, uint64_t since, uint32_t max,
                        void (*fn)(void *user, const mh_log_record *r), void *user);
    /* Calls fn on [main] for each line from now on. Lines that fn itself causes are not handed to it. At most 1000 lines a
     * second are delivered; the rest is a gap in `seq`. `filter` is copied. Ends with unfollow() or the module.
     * [main] [lent: until fn returns] */
    mh_status (*follow)(const mh_host *h, const mh_log_filter *filter, void (*fn)(void *user, const mh_log_record *r),
                        void *user, mh_token *out);
    /* After it, fn is not called again. MH_E_GONE when it is over.
     * [main] */
    mh_status (*unfollow)(mh_token t);
} mh_log_read;

#ifdef __cplusplus
}
#endif
#endif
