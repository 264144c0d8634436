/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners that speak rpc, and what a router does with a call beyond a unary answer. Draft. */
#ifndef MICROHOST_DRAFT_RPC_LISTENER_H
#define MICROHOST_DRAFT_RPC_LISTENER_H

#include <microhost/draft/rpc_router.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_RPC_LISTENER "mh.rpc.listener/1"

/* Contributed with mh_host.contribute(MH_RPC_LISTENER, &listener). Like those of http_server.h it is what the module opens by
 * default: listeners that the operator configured for the module replace it. */
typedef struct mh_rpc_listener {
    uint32_t size;
    uint32_t flags;       /* 0 */
    const char *name;     /* unique in the process; the module's id, or "<id>-<more>" */
    const char *router;   /* name of one of the module's routers; NULL: its only one */
    const char *protocol; /* NULL: every one that the host speaks and the first bytes show; else "mucp" */
    mh_str address;       /* ":8081", "127.0.0.1:0", "unix:/path" */
} mh_rpc_listener;

#define MH_RPC_INCOMING "mh.rpc.incoming/1"

typedef struct mh_rpc_incoming {
    uint32_t size;
    uint32_t reserved;

    /* Sends one message of a streamed answer; `fin` 1 says it is the last and ends the call; with `fin` and a body whose ptr is
     * NULL there is no message, only the end. MH_E_BUSY: not taken, over 256 KiB wait: on_writable follows. MH_E_GONE: the call
     * is over. MH_E_INVALID: it is not a stream.
     * [loop] [copied] */
    mh_status (*send)(mh_rpc_in *in, mh_str content_type, mh_seg body, uint32_t fin);
    /* Joins an incoming call to one that was opened on this loop and has not sent anything: from now on messages, ends and
     * back-pressure pass between them unread. The outgoing call's sink is not called any more; the router's on_end is. An error
     * of the service reaches the caller as it is. MH_E_INVALID when one of them has begun.
     * [loop] */
    mh_status (*splice)(mh_rpc_in *in, mh_rpc_call *out);
    /* Stops and continues the flow of on_message; at most the configured window is buffered meanwhile.
     * [loop] */
    mh_status (*pause)(mh_rpc_in *in);
    /* [loop] */
    mh_status (*resume)(mh_rpc_in *in);

    /* Of an HTTP handler: hands a request over to `router`, as if its listener spoke rpc. On listeners of a module that has
     * contributed a router beside its handler, Micro-* fields are kept, and errors go as Micro-Error to whoever names a service or
     * an endpoint in them. Call it in on_request and return what it returns; `shard` is what on_call gets. MH_E_UNSUPPORTED: this
     * listener's module has no router.
     * [loop] [router lent: until the module's destroy()] */
    mh_status (*take)(const mh_host *h, mh_req *r, const mh_rpc_router *router, void *shard);
} mh_rpc_incoming;

#ifdef __cplusplus
}
#endif
#endif
