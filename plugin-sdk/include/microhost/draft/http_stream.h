/* SPDX-License-Identifier: Apache-2.0 */
/* A response that is written bit by bit: server-sent events, NDJSON, downloads. Draft. */
#ifndef MICROHOST_DRAFT_HTTP_STREAM_H
#define MICROHOST_DRAFT_HTTP_STREAM_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_STREAM "mh.http.stream/1"

typedef struct mh_http_stream_events {
    uint32_t size;
    uint32_t reserved;
    /* write() can be called again after MH_E_BUSY.
     * [loop] */
    void (*on_writable)(void *user, mh_req *r);
} mh_http_stream_events;

typedef struct mh_http_stream {
    uint32_t size;
    uint32_t reserved;

    /* Begins the response; it is chunked for HTTP/1.1 unless a Content-Length is among the headers. The request then ends by
     * end(), by the client, or when its listener is drained; on_done of the handler tells. Return MH_OK from the handler.
     * [loop] [copied] */
    mh_status (*begin)(mh_req *r, uint32_t status, const mh_kv *headers, uint32_t n, const mh_http_stream_events *e,
                       void *user);
    /* Sends bytes. MH_OK: taken. MH_E_BUSY: not taken, the client is slow (over 64 KiB wait): on_writable follows.
     * MH_E_GONE: the client left.
     * [loop] [copied] */
    mh_status (*write)(mh_req *r, const mh_seg *v, uint32_t n);
    /* The body is whole. MH_E_INVALID when it is shorter than a given Content-Length: the connection is then broken off.
     * [loop] */
    mh_status (*end)(mh_req *r);
    /* Breaks the connection off, so that the client cannot take the response for a whole one.
     * [loop] */
    void (*abort)(mh_req *r);
} mh_http_stream;

#ifdef __cplusplus
}
#endif
#endif
