/* SPDX-License-Identifier: Apache-2.0 */
/* Takes any incoming call of a listener that speaks rpc: whichever service and endpoint it names, unary or stream. Draft.
 *
 * A router decides by what on_call shows it and then either answers, or opens a call of its own (rpc.h) and splices the two.
 */
#ifndef MICROHOST_DRAFT_RPC_ROUTER_H
#define MICROHOST_DRAFT_RPC_ROUTER_H

#include <microhost/draft/rpc_service.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_RPC_ROUTER "mh.rpc.router/1"

/* Contributed with mh_host.contribute(MH_RPC_ROUTER, &router). A NULL member is allowed where it says so. */
typedef struct mh_rpc_router {
    uint32_t size;
    uint32_t flags;   /* 0 */
    const char *name; /* listeners refer to it; the module's id by default when NULL */
    void *user;

    /* A call came in. Return MH_OK and answer it now or later with the functions of rpc_service.h and rpc_listener.h, or splice
     * it. A negative status answers it with an error: host->error() is its detail. `*call_user` is handed to the callbacks
     * below. `head` is lent until return; `in` is valid until on_end returns.
     * [loop] [lent: until return] */
    mh_status (*on_call)(void *shard, void *user, mh_rpc_in *in, const mh_rpc_head *head, void **call_user);
    /* A message of the caller; `fin` is 1 with the message of a unary call, and when no more come: then, for a stream, `m` has
     * no message (its body's ptr is NULL). Not called for a spliced call.
     * [loop] [lent: until return] */
    void (*on_message)(void *call_user, mh_rpc_in *in, const mh_rpc_message *m, uint32_t fin);
    /* send() can be called again after MH_E_BUSY. May be NULL.
     * [loop] */
    void (*on_writable)(void *call_user, mh_rpc_in *in);
    /* Exactly once for each on_call that returned MH_OK, spliced or not. MH_OK when the answer went out whole, MH_E_CANCELLED
     * when the caller left, MH_E_TIMEOUT, MH_E_IO. `in` is gone afterwards.
     * [loop] */
    void (*on_end)(void *call_user, mh_rpc_in *in, mh_status s);
} mh_rpc_router;

#ifdef __cplusplus
}
#endif
#endif
