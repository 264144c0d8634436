/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to services: in-process ones, or nodes of the registry over Micro's wire protocol. Draft.
 *
 * A call is a stream: open, send messages, receive messages, end. A unary call is the case of one and one: send with `fin`
 * once, on_message once, on_end. Bodies pass unread.
 */
#ifndef MICROHOST_DRAFT_RPC_H
#define MICROHOST_DRAFT_RPC_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_RPC "mh.rpc/1"

typedef struct mh_rpc_call mh_rpc_call;

enum { MH_RPC_STREAM = 1u << 0 /* the endpoint is a stream; without it the call is unary */ };

typedef struct mh_rpc_target {
    uint32_t size;
    uint32_t flags;
    mh_str service;        /* "go.micro.api.greeter" */
    mh_str endpoint;       /* "Say.Hello" */
    mh_str address;        /* a node's "host:port" instead of the registry's, names are resolved; or empty */
    mh_str version;        /* of the service; empty: any */
    mh_str content_type;   /* "application/json" when empty */
    const mh_kv *metadata; /* user headers; framing, hop-by-hop and Micro-* ones are ignored */
    uint32_t n_metadata;
    uint32_t timeout_ms; /* 0: the configured one; a request's deadline shortens it. Of a stream: of all of it; 0: none */
    const mh_kv *labels; /* only nodes with this metadata */
    uint32_t n_labels;
    uint32_t reserved;
    mh_str from_service; /* who calls, Micro-From-Service; empty: says nothing */
} mh_rpc_target;

typedef struct mh_rpc_message {
    uint32_t size;
    uint32_t n_headers;
    mh_seg body;
    mh_str content_type;
    const mh_header *headers; /* of the wire message, as received */
} mh_rpc_message;

typedef struct mh_rpc_sink {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [lent: until return] */
    void (*on_message)(void *user, mh_rpc_call *c, const mh_rpc_message *m);
    /* The last call; `c` is gone afterwards. MH_OK: a normal end. Otherwise `error` is Micro's error JSON ({"id","code",
     * "detail","status"}) or the raw text of the service, or says what failed:
     *   MH_E_INVALID      the service answered with an error
     *   MH_E_UNREACHABLE  no connection to a live node came about, or none that this host can use: nothing ran (502)
     *   MH_E_IO           the node broke the call off, or its answer is none: it may have run (502)
     *   MH_E_TIMEOUT      no answer in time: it may have run (504)
     *   MH_E_LIMIT        the answer is too long (502)
     *   MH_E_CANCELLED    somebody ended it
     * [loop] [lent: until return] */
    void (*on_end)(void *user, mh_rpc_call *c, mh_status s, mh_str error);
    /* Of a stream: send() can be called again after MH_E_BUSY. May be NULL.
     * [loop] */
    void (*on_writable)(void *user, mh_rpc_call *c);
} mh_rpc_sink;

typedef struct mh_rpc {
    uint32_t size;
    uint32_t reserved;

    /* Opens a call on the calling thread. With a request `r` (or NULL) the call ends with it, inherits its deadline, and passes
     * request id and trace on. Callbacks may come as soon as send() is called, even before it returns. `t` is copied.
     * MH_E_NOT_FOUND: no such service (404); MH_E_UNAVAILABLE: the service is known and has no live node of that version and
     * with those labels (503). What fails later is told by on_end, with other statuses.
     * [loop] [main] */
    mh_status (*open)(const mh_host *h, mh_req *r, const mh_rpc_target *t, const mh_rpc_sink *sink, void *user,
                      mh_rpc_call **c);
    /* Sends a message; `fin` 1 says it is the last: always so for a unary call. Of a stream, `fin` with a body whose ptr is NULL
     * is only the end; MH_E_BUSY: not taken, over 256 KiB wait, on_writable follows; callbacks never come before this returns.
     * [owner's loop] [lent: until return] */
    mh_status (*send)(mh_rpc_call *c, mh_seg body, uint32_t fin);
    /* Ends it without further callbacks.
     * [owner's loop] */
    void (*cancel)(mh_rpc_call *c);
    /* Stops and continues the flow of on_message of a stream; meanwhile at most the window and one message are kept, and the other
     * side is held back. MH_E_INVALID: it is none.
     * [owner's loop] */
    mh_status (*pause)(mh_rpc_call *c);
    /* [owner's loop] */
    mh_status (*resume)(mh_rpc_call *c);
} mh_rpc;

#ifdef __cplusplus
}
#endif
#endif
