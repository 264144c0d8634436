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

typedef struct mh_rpc_in mh_rpc_in; /* an incoming call; valid until reply or fail */

typedef struct mh_rpc_endpoint {
    const char *name;          /* "Say.Hello" */
    const char *request_json;  /* Micro's Value as JSON ({"name","type","values":[...]}), or NULL */
    const char *response_json; /* the same */
    const char *metadata_json; /* {"key":"value"}, or NULL; see the gateway's README for endpoint routing */

    /* Answer with reply() or fail(), now or later, on the thread that on_call ran on. `shard` is the module's shard there,
     * NULL on a worker.
     * [loop, or as the service's flags say] [lent: until return] */
    void (*on_call)(void *shard, void *user, mh_rpc_in *in, const mh_rpc_message *m);
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
