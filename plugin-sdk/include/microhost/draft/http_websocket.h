/* SPDX-License-Identifier: Apache-2.0 */
/* Websockets (RFC 6455), accepted from clients and opened to servers. Draft. */
#ifndef MICROHOST_DRAFT_HTTP_WEBSOCKET_H
#define MICROHOST_DRAFT_HTTP_WEBSOCKET_H

#include <microhost/draft/http_client.h>
#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_WEBSOCKET "mh.http.websocket/1"

enum { MH_WS_TEXT = 1, MH_WS_BINARY = 2 };

typedef struct mh_ws mh_ws;

typedef struct mh_ws_events {
    uint32_t size;
    uint32_t reserved;
    /* A whole message, valid UTF-8 when it is text. Pings are answered by the host.
     * [loop] [main] [lent: until return] */
    void (*on_message)(void *user, mh_ws *w, int32_t opcode, mh_seg message);
    /* send() can be called again after MH_E_BUSY. May be NULL.
     * [loop] [main] */
    void (*on_writable)(void *user, mh_ws *w);
    /* The last call; `w` is gone afterwards. 1005 without a code, 1006 when the connection broke. Of connect(), before on_open,
     * `code` and `reason` say why there was none:
     *   100..999  the server answered with this status of HTTP instead of 101; reason "HTTP 429 Too Many Requests", and where it
     *             asks to stay away for a time, "HTTP 503 Service Unavailable; Retry-After: 30" (seconds)
     *   1002      its answer is none to a websocket's handshake
     *   1006      no connection, or it broke; reason "no such host", "Connection refused", "no answer in time", ...
     *   1015      TLS failed; the reason says how ("certificate verify failed: hostname mismatch")
     * [loop] [main] [lent: until return] */
    void (*on_close)(void *user, mh_ws *w, uint32_t code, mh_str reason);

    /* What follows came later: a shorter struct is taken as if it was NULL. */

    /* Only of connect(): the server has agreed, messages can be sent. `protocol` is the subprotocol that it chose, or empty.
     * [loop] [main] [lent: until return] */
    void (*on_open)(void *user, mh_ws *w, mh_str protocol);
} mh_ws_events;

typedef struct mh_ws_options {
    uint32_t size;
    uint32_t ping_interval_ms; /* 0: 30 s; two unanswered pings end the connection */
    uint64_t max_message;      /* bytes; 0: the configured limit */
    mh_str protocol;           /* the subprotocol that is chosen, or empty */
} mh_ws_options;

typedef struct mh_ws_connect {
    uint32_t size;
    uint32_t flags;       /* MH_CLIENT_TLS, MH_CLIENT_NO_VERIFY */
    mh_str address;       /* "host:port" or "unix:/path" */
    mh_str authority;     /* Host; the address when empty */
    mh_str target;        /* "/path?query" */
    mh_str protocol;      /* subprotocols that are offered, with commas between them; empty: none */
    const mh_kv *headers; /* further ones, such as Authorization, Cookie, Origin */
    uint32_t n_headers;
    uint32_t open_timeout_ms;  /* until on_open; 0: 10 s */
    uint32_t ping_interval_ms; /* 0: 30 s; two unanswered pings end the connection */
    uint32_t reserved;
    uint64_t max_message;                                             /* bytes; 0: 1 MiB */
    mh_str tls_ca_file, tls_cert_file, tls_key_file, tls_server_name; /* as in mh_http_out */
} mh_ws_connect;

typedef struct mh_http_websocket {
    uint32_t size;
    uint32_t reserved;

    /* Accepts the upgrade of a request with MH_REQ_UPGRADE. MH_E_INVALID, and no answer yet, when it is not a correct one or
     * o->protocol is not among those offered. MH_E_UNSUPPORTED when the client speaks another version: the host has answered
     * 426 then.
     * [loop] [copied] */
    mh_status (*accept)(mh_req *r, const mh_ws_options *o, const mh_ws_events *e, void *user, mh_ws **out);
    /* MH_E_BUSY: not taken, over 256 KiB wait. MH_E_GONE: closed, or not open yet.
     * [loop] [main] [copied] */
    mh_status (*send)(mh_ws *w, int32_t opcode, mh_seg message);
    /* Begins the closing handshake; on_close follows within 5 s. Before on_open, the attempt is given up and on_close follows.
     * [loop] [main] [copied] */
    mh_status (*close)(mh_ws *w, uint32_t code, mh_str reason);

    /* What follows came later: look at `size`. */

    /* Opens one to a server; it lives on this thread. No callback comes before this returns; on_open comes once the handshake is
     * done, or else on_close. Messages are masked, no extension is offered, redirects are not followed. It ends without a call
     * when the generation of the module does. MH_E_INVALID: something in `o` has no place in a request, or a TLS file is
     * damaged (the log says which). MH_E_LIMIT: 1024 are open on this thread. `o` and `e` are copied.
     * [loop] [main] [copied] */
    mh_status (*connect)(const mh_host *h, const mh_ws_connect *o, const mh_ws_events *e, void *user, mh_ws **out);
    /* Breaks it off without further calls; `w` is gone.
     * [loop] [main] */
    void (*abort)(mh_ws *w);
} mh_http_websocket;

#ifdef __cplusplus
}
#endif
#endif
