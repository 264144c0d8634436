/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal handler: it answers the requests of a listener. Draft.
 *
 * Contributed with mh_host.contribute(MH_HTTP_HANDLER, &handler). A handler answers with exactly one of: respond
 * (http_request.h), a call whose callback responds (rpc.h, http_client.h), forward (http_forward.h), a stream
 * (http_stream.h) or a websocket (http_websocket.h).
 */
#ifndef MICROHOST_DRAFT_HTTP_HANDLER_H
#define MICROHOST_DRAFT_HTTP_HANDLER_H

#include <microhost/http_request.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_HTTP_HANDLER "mh.http.handler/1"

typedef struct mh_http_handler {
    uint32_t size;
    uint32_t flags;   /* 0 */
    const char *name; /* listeners refer to it; the module's id by default when NULL */
    void *user;

    /* The head is there and all request filters let it pass. Return MH_OK when an answer is given or under way, MH_PENDING
     * after suspend(), or a negative status: the host answers 500 and logs host->error(). `shard` is the module's shard on
     * this loop (mh_module.shard_create).
     * [loop] [lent: until return] */
    mh_status (*on_request)(void *shard, void *user, mh_req *r, const mh_header *h, uint32_t n);
    /* A suspended request is over before the handler answered: `t` is stale from now on. MH_E_TIMEOUT or MH_E_CANCELLED.
     * May be NULL.
     * [loop] */
    void (*on_cancel)(void *shard, void *user, mh_req *r, mh_token t, mh_status why);
    /* Exactly once for each on_request, after the last byte. May be NULL.
     * [loop] */
    void (*on_done)(void *shard, void *user, mh_req *r, mh_status outcome);
} mh_http_handler;

#ifdef __cplusplus
}
#endif
#endif
