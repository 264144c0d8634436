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
    uint64_t seq;      /* counts the lines of this process, from 1 */
    int64_t time_ms;   /* since 1970, UTC */
    mh_str module;     /* id of the module that wrote it, or the part of the host: "host/http" */
    mh_str request_id; /* empty without a request */
    mh_str text;
    const mh_kv *fields; /* the others; numbers and truth values as text */
    uint32_t n_fields;
    uint32_t reserved;
} mh_log_record;

/* Which lines. An empty string matches all. */
typedef struct mh_log_filter {
    uint32_t size;
    int32_t min_level; /* MH_LOG_* */
    mh_str module;     /* itself and what is below it: "host" matches "host/http" */
    mh_str request_id;
    mh_str contains; /* bytes that the text or the fields, written as "key=value key=value", contain */
} mh_log_filter;

typedef struct mh_log_read {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for the lines after number `since` (0: from the oldest that is kept), oldest first, at most `max` of them (0: all):
     * of more, the newest. The host keeps the last 1000. A line that was just written may take a moment until it is there.
     * `filter` may be NULL. MH_E_INVALID: a filter that is too short, or an unknown level.
     * [main] [lent: until fn returns] */
    mh_status (*recent)(const mh_host *h, const mh_log_filter *filter, uint64_t since, uint32_t max,
                        void (*fn)(void *user, const mh_log_record *r), void *user);
    /* Calls fn on [main] for each line from now on, looked for every 100 ms. What is written on [main] while an fn of anybody runs
     * is not handed to any. At most 1000 lines a second are delivered, of more the newest: `seq` tells that some are left out
     * only where the filter takes all. `filter` is copied. MH_E_LIMIT: the process has 64 already. Ends with unfollow() or the
     * module.
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
