/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: checks passwords and tokens, opens sessions, compares roles, keeps the audit log. Draft.
 *
 * Credentials are made with `microhost token new` and `microhost passwd` and never leave the host. The roles are viewer <
 * operator < admin, and whatever an application adds beside them.
 */
#ifndef MICROHOST_DRAFT_ACCESS_H
#define MICROHOST_DRAFT_ACCESS_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_ACCESS "mh.access/1"

typedef struct mh_audit {
    uint32_t size;
    mh_status outcome;             /* MH_OK, MH_E_DENIED, ... */
    mh_str action;                 /* "modules.reload" */
    mh_str object;                 /* what it was done to */
    mh_str detail;                 /* one line; never a secret */
    mh_str peer;                   /* where the asker is, or empty */
    const mh_principal *principal; /* NULL: nobody */
} mh_audit;

typedef struct mh_access {
    uint32_t size;
    uint32_t reserved;

    /* Checks a password, on a worker, and calls fn on this thread: with MH_OK and who it is, else with NULL and MH_E_DENIED
     * (wrong, or no such user: not told apart, and as slow) or MH_E_LIMIT (too many attempts from `peer` or for `user`).
     * MH_E_BUSY, and no call, when the queue is full.
     * [loop] [main] [copied; principal lent: until fn returns] */
    mh_status (*check_password)(const mh_host *h, mh_str user, mh_str password, mh_str peer,
                                void (*fn)(void *arg, mh_status s, const mh_principal *p), void *arg);
    /* Checks a token of `microhost token new` or of session_open(), at once; calls fn before it returns MH_OK. MH_E_DENIED
     * (unknown, expired, revoked), MH_E_LIMIT.
     * [loop] [main] [principal lent: until fn returns] */
    mh_status (*check_token)(const mh_host *h, mh_str token, mh_str peer, void (*fn)(void *arg, const mh_principal *p),
                             void *arg);
    /* 1 when `p` has this role or one above it; 0 otherwise and for NULL. An empty role is had by everybody.
     * [any] */
    int32_t (*allows)(const mh_host *h, const mh_principal *p, mh_str role);

    /* Opens a session for a principal that was just authenticated. Its token (at most 64 bytes of text fit for a cookie) is
     * copied into `buf`, its length into `*len`. It ends after `idle_ms` without use, after `total_ms`, by session_close(), or
     * when the user's credential is changed. Sessions survive the reload of modules.
     * [loop] [main] */
    mh_status (*session_open)(const mh_host *h, const mh_principal *p, uint64_t idle_ms, uint64_t total_ms, char *buf,
                              size_t cap, size_t *len);
    /* MH_E_GONE when there is none.
     * [loop] [main] */
    mh_status (*session_close)(const mh_host *h, mh_str token);

    /* Binds somebody of another system ("telegram:4711") to a user, with a one-time code that `microhost user link` printed;
     * then identify() knows them. MH_E_DENIED for a wrong or used code, MH_E_LIMIT.
     * [main] [copied] */
    mh_status (*link)(const mh_host *h, mh_str identity, mh_str code);
    /* Who that identity is bound to: calls fn before it returns MH_OK, or MH_E_NOT_FOUND.
     * [loop] [main] [principal lent: until fn returns] */
    mh_status (*identify)(const mh_host *h, mh_str identity, void (*fn)(void *arg, const mh_principal *p), void *arg);

    /* One line in the audit log. The host writes those of commands itself.
     * [any] [copied] */
    void (*audit)(const mh_host *h, const mh_audit *a);
} mh_access;

#ifdef __cplusplus
}
#endif
#endif
