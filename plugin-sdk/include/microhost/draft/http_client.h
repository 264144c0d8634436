/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests of a module to somewhere else, on the loop that asks. Draft. */
#ifndef MICROHOST_DRAFT_HTTP_CLIENT_H
#define MICROHOST_DRAFT_HTTP_CLIENT_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_CLIENT "mh.http.client/1"

typedef struct mh_http_call mh_http_call;

enum { MH_CLIENT_TLS = 1u << 0, MH_CLIENT_NO_VERIFY = 1u << 1 };

typedef struct mh_http_out {
    uint32_t size;
    uint32_t flags;
    mh_str method;
    mh_str address;   /* "host:port" or "unix:/path" */
    mh_str authority; /* Host; the address when empty */
    mh_str target;    /* "/path?query" */
    const mh_kv *headers;
    uint32_t n_headers;
    uint32_t timeout_ms; /* for the whole exchange; 0: the configured upstream response timeout; UINT32_MAX: none, for a
                            response that streams for as long as both want: then head_timeout_ms bounds the wait for its head */
    mh_seg body;
    uint64_t max_response; /* bytes of the body; 0: 4 MiB; UINT64_MAX: no bound */

    /* What follows came later: a shorter struct is taken as if it was 0 and empty. */
    uint32_t head_timeout_ms; /* only without timeout_ms; 0: the configured upstream response timeout */
    uint32_t idle_timeout_ms; /* longest pause in the body; 0: the configured stream timeout; UINT32_MAX: none */
    /* Paths of PEM files, with MH_CLIENT_TLS. They are read by open(), and again when one of them has changed. */
    mh_str tls_ca_file;   /* whose servers are believed; empty: the system's authorities */
    mh_str tls_cert_file; /* own certificate for servers that ask; empty: none */
    mh_str tls_key_file;  /* its key; empty: it is in tls_cert_file */
    mh_str
        tls_server_name; /* sent as SNI and looked for in the certificate; empty: the host of `authority`, else of `address` */
} mh_http_out;

typedef struct mh_http_sink {
    uint32_t size;
    uint32_t reserved;

    /* Head of the final response.
     * [owner's loop] [lent: until return] */
    void (*on_head)(void *user, mh_http_call *c, uint32_t status, const mh_header *h, uint32_t n);
    /* A piece of the body.
     * [owner's loop] [lent: until return] */
    void (*on_body)(void *user, mh_http_call *c, mh_seg piece);
    /* The last call; `c` is gone afterwards. MH_OK only when the response came whole.
     * [owner's loop] */
    void (*on_end)(void *user, mh_http_call *c, mh_status s);
} mh_http_sink;

typedef struct mh_http_client {
    uint32_t size;
    uint32_t reserved;

    /* Sends a request. The callbacks come on the calling thread, never before this returns. `out` and what it points to are
     * copied. MH_E_INVALID when a TLS file is missing or damaged: the log says which and why, and so does the failure of the hook
     * that fails by it.
     * [loop] [main] */
    mh_status (*open)(const mh_host *h, const mh_http_out *out, const mh_http_sink *sink, void *user, mh_http_call **c);
    /* Ends it without further callbacks.
     * [owner's loop] */
    void (*cancel)(mh_http_call *c);
} mh_http_client;

#ifdef __cplusplus
}
#endif
#endif
