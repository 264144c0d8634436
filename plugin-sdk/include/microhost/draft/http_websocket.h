/* SPDX-License-Identifier: Apache-2.0 */
/* Websockets, server side (RFC 6455). Draft. */
#ifndef MICROHOST_DRAFT_HTTP_WEBSOCKET_H
#define MICROHOST_DRAFT_HTTP_WEBSOCKET_H

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
     * [loop] [lent: until return] */
    void (*on_message)(void *user, mh_ws *w, int32_t opcode, mh_seg message);
    /* send() can be called again after MH_E_BUSY. May be NULL.
     * [loop] */
    void (*on_writable)(void *user, mh_ws *w);
    /* The last call; `w` is gone afterwards. 1005 without a code, 1006 when the connection broke.
     * [loop] [lent: until return] */
    void (*on_close)(void *user, mh_ws *w, uint32_t code, mh_str reason);
} mh_ws_events;

typedef struct mh_ws_options {
    uint32_t size;
    uint32_t ping_interval_ms; /* 0: 30 s; two unanswered pings end the connection */
    uint64_t max_message;      /* bytes; 0: the configured limit */
    mh_str protocol;           /* the subprotocol that is chosen, or empty */
} mh_ws_options;

typedef struct mh_http_websocket {
    uint32_t size;
    uint32_t reserved;

    /* Accepts the upgrade of a request with MH_REQ_UPGRADE. MH_E_INVALID, and no answer yet, when it is not a correct one or
     * o->protocol is not among those offered. MH_E_UNSUPPORTED when the client speaks another version: the host has answered
     * 426 then.
     * [loop] [copied] */
    mh_status (*accept)(mh_req *r, const mh_ws_options *o, const mh_ws_events *e, void *user, mh_ws **out);
    /* MH_E_BUSY: not taken, over 256 KiB wait. MH_E_GONE: closed.
     * [loop] [copied] */
    mh_status (*send)(mh_ws *w, int32_t opcode, mh_seg message);
    /* Begins the closing handshake; on_close follows within 5 s.
     * [loop] [copied] */
    mh_status (*close)(mh_ws *w, uint32_t code, mh_str reason);
} mh_http_websocket;

#ifdef __cplusplus
}
#endif
#endif
