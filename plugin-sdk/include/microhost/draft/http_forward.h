/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming a request to an upstream and its response back, with back-pressure in both directions; upgrades become
 * tunnels. Draft.
 */
#ifndef MICROHOST_DRAFT_HTTP_FORWARD_H
#define MICROHOST_DRAFT_HTTP_FORWARD_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_FORWARD "mh.http.forward/1"

enum {
    MH_FORWARD_TLS = 1u << 0,       /* speak TLS to the upstream (for a service: what the node's metadata says) */
    MH_FORWARD_KEEP_HOST = 1u << 1, /* send the client's Host on; else the upstream's authority */
    MH_FORWARD_UPGRADE = 1u << 2    /* allow websocket upgrades to become a tunnel */
};

typedef struct mh_http_forward_to {
    uint32_t size;
    uint32_t flags;
    mh_str address;               /* "host:port" (names are resolved) or "unix:/path"; or empty, then `service` */
    mh_str service;               /* registry name: a live node is selected */
    mh_str version;               /* of the service; empty: any */
    mh_str path;                  /* replaces the request's path when not empty */
    uint32_t connect_timeout_ms;  /* 0: the configured one */
    uint32_t response_timeout_ms; /* until the response head; 0: the configured one */
    const mh_kv *set_headers;     /* set on the request that goes out; a value whose ptr is NULL takes the client's field out */
    uint32_t n_set_headers;
    uint32_t reserved;

    /* Nothing came back: MH_E_UNREACHABLE (no connection came about, nothing was sent), MH_E_TIMEOUT, MH_E_IO (broke off before
     * a response head), MH_E_LIMIT. Answer with respond(). NULL: the host answers 502 or 504 with the error JSON.
     * [loop] */
    void (*on_error)(void *user, mh_req *r, mh_status why);
    void *user;

    /* The head of the response is there and nothing of it has been sent: headers(MH_DIR_RESPONSE) shows what the upstream sent,
     * header_edit(MH_DIR_RESPONSE) changes it before the filters see it. Also of a 101; not of other 1xx. Not to answer in. NULL:
     * none. Since the second draft.
     * [loop] */
    void (*on_head)(void *user, mh_req *r);
} mh_http_forward_to;

typedef struct mh_http_forward {
    uint32_t size;
    uint32_t reserved;

    /* Begins forwarding. MH_E_NOT_FOUND: the service is unknown; MH_E_UNAVAILABLE: no live node: in both cases nothing was begun
     * and the handler answers. A request whose body has begun to flow is never sent twice; one without a body, or that is
     * idempotent, is tried once more when a kept-alive connection proves dead before any byte of the answer came. Where no
     * connection came about the next address of the name, and then one other node of the service, is tried.
     *
     * header_edit(MH_DIR_RESPONSE) before this call is done on the response when it comes: what is SET wins over the upstream's
     * field of that name. 1xx responses other than 100 and 101 go to clients of HTTP/1.1 as they come, past the filters.
     * [loop] [copied] */
    mh_status (*forward)(mh_req *r, const mh_http_forward_to *to);
} mh_http_forward;

#ifdef __cplusplus
}
#endif
#endif
