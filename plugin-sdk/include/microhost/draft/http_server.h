/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners. Draft.
 *
 * A module contributes the listeners that it would open by default. Listeners that the operator configured for the module
 * ("listeners" in the config) replace them.
 */
#ifndef MICROHOST_DRAFT_HTTP_SERVER_H
#define MICROHOST_DRAFT_HTTP_SERVER_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_LISTENER "mh.http.listener/1"

/* Contributed with mh_host.contribute(MH_HTTP_LISTENER, &listener). */
typedef struct mh_http_listener {
    uint32_t size;
    uint32_t flags;       /* 0 */
    const char *name;     /* unique in the process; the module's id, or "<id>-<more>" */
    const char *handler;  /* name of one of the module's handlers; NULL: its only one */
    mh_str address;       /* ":8080", "127.0.0.1:0", "[::1]:8080", "unix:/path" */
    mh_str tls_cert;      /* certificate chain, a PEM file; empty: plain text */
    mh_str tls_key;       /* its private key, a PEM file */
    mh_str tls_client_ca; /* demand client certificates signed by these; may be empty */
} mh_http_listener;

#define MH_HTTP_SERVER "mh.http.server/1"

typedef struct mh_http_server {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each open listener with the address it is bound to (the real port where 0 was asked for).
     * [main] [lent: until fn returns] */
    void (*each)(const mh_host *h, void (*fn)(void *user, mh_str name, mh_str module, mh_str address, uint32_t tls),
                 void *user);
    /* The address at this end of the request's connection, without port: "127.0.0.1", "::1", "unix". It tells what a listener for
     * every interface was reached by.
     * [loop] [lent: until return] */
    mh_status (*local_ip)(mh_req *r, mh_str *out);
} mh_http_server;

#ifdef __cplusplus
}
#endif
#endif
