/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that a module offers in the process: every call to that service from this process reaches them without a
 * connection. Draft.
 */
#ifndef MICROHOST_DRAFT_RPC_SERVICE_H
#define MICROHOST_DRAFT_RPC_SERVICE_H

#include <microhost/draft/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_RPC_SERVICE "mh.rpc.service/1"

enum {
    MH_SERVICE_BLOCKING = 1u << 0, /* on_call runs on a worker */
    MH_SERVICE_HOME = 1u << 1      /* on_call runs on [main]; default: the caller's loop */
};

typedef struct mh_rpc_in mh_rpc_in; /* an incoming call; valid until reply or fail, a streamed one until on_end returns */

/* Head of an incoming call. */
typedef struct mh_rpc_head {
    uint32_t size;
    uint32_t flags;  /* MH_RPC_STREAM: the caller speaks a stream */
    mh_str service;  /* as the caller named it; may be empty */
    mh_str endpoint; /* "Say.Hello" */
    mh_str content_type;
    mh_str peer;              /* address of the caller, or of the client that a trusted proxy names; empty in the process */
    mh_str listener;          /* name of the listener; empty in the process */
    const mh_header *headers; /* of the wire message that opened the call */
    uint32_t n_headers;
    uint32_t timeout_ms;   /* time left; UINT32_MAX without a deadline, as streams from outside always are */
    const mh_kv *metadata; /* the headers that a target may take on: without framing, hop-by-hop and Micro-* ones */
    uint32_t n_metadata;
    uint32_t reserved;
    const mh_principal *principal; /* NULL while nobody is authenticated */
} mh_rpc_head;

typedef struct mh_rpc_endpoint {
    const char *name;          /* "Say.Hello" */
    const char *request_json;  /* Micro's Value as JSON ({"name","type","values":[...]}), or NULL */
    const char *response_json; /* the same */
    const char *metadata_json; /* {"key":"value"}, or NULL; see the gateway's README for endpoint routing */

    /* Answer with reply() or fail(), now or later, on the thread that on_call ran on. `shard` is the module's shard there,
     * NULL on a worker.
     * [loop, or as the service's flags say] [lent: until return] */
    void (*on_call)(void *shard, void *user, mh_rpc_in *in, const mh_rpc_message *m);

    /* What follows makes the endpoint a stream when on_stream is set: the same four as a router has (rpc_router.h), always on
     * the caller's loop, whatever the service's flags say. on_call is not used then, and the registry shows the endpoint's
     * metadata with "stream":"true". */

    /* A call came in. Return MH_OK and send messages now or later with MH_RPC_INCOMING (rpc_listener.h); reply() and fail()
     * end the stream. A negative status ends it with an error: host->error() is its detail. `*call_user` is handed to the
     * callbacks below. `head` is lent until return.
     * [loop] [lent: until return] */
    mh_status (*on_stream)(void *shard, void *user, mh_rpc_in *in, const mh_rpc_head *head, void **call_user);
    /* A message of the caller; `fin` is 1 when no more come: then `m` has no message (its body's ptr is NULL). It follows that
     * nothing of this kind comes for a caller who only listens, until it ends the call.
     * [loop] [lent: until return] */
    void (*on_message)(void *call_user, mh_rpc_in *in, const mh_rpc_message *m, uint32_t fin);
    /* send() can be called again after MH_E_BUSY. May be NULL.
     * [loop] */
    void (*on_writable)(void *call_user, mh_rpc_in *in);
    /* Exactly once for each on_stream that returned MH_OK. MH_OK: the service has ended it; MH_E_CANCELLED: the caller left;
     * MH_E_TIMEOUT; MH_E_IO: the caller broke the protocol. `in` is gone afterwards. May be NULL.
     * [loop] */
    void (*on_end)(void *call_user, mh_rpc_in *in, mh_status s);
} mh_rpc_endpoint;

/* Contributed with mh_host.contribute(MH_RPC_SERVICE, &service). */
typedef struct mh_rpc_service {
    uint32_t size;
    uint32_t flags;
    const char *name;    /* "go.micro.api.greeter" */
    const char *version; /* the module's version when NULL */
    const char *metadata_json;
    const mh_rpc_endpoint *endpoints;
    uint32_t n_endpoints;
    uint32_t stride; /* sizeof(mh_rpc_endpoint) */
    void *user;
} mh_rpc_service;

#define MH_RPC_SERVER "mh.rpc.server/1"

typedef struct mh_rpc_server {
    uint32_t size;
    uint32_t reserved;

    /* The answer. Content type as the request's when `content_type` is empty.
     * [thread of on_call] [lent: until return] */
    mh_status (*reply)(mh_rpc_in *in, mh_str content_type, mh_seg body);
    /* An error in Micro's shape: code is an HTTP status, `id` the service's name when empty.
     * [thread of on_call] [copied] */
    mh_status (*fail)(mh_rpc_in *in, uint32_t code, mh_str id, mh_str detail);
    /* Metadata of the call by name, in any case; MH_E_NOT_FOUND.
     * [thread of on_call] [lent: until reply or fail] */
    mh_status (*metadata)(mh_rpc_in *in, mh_str name, mh_str *out);
    /* "Say.Hello".
     * [thread of on_call] [lent: until reply or fail] */
    mh_str (*endpoint)(mh_rpc_in *in);
    /* Milliseconds until nobody waits any more; UINT32_MAX without a deadline.
     * [thread of on_call] */
    uint32_t (*time_left_ms)(mh_rpc_in *in);
} mh_rpc_server;

#ifdef __cplusplus
}
#endif
#endif
