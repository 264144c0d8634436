/* SPDX-License-Identifier: Apache-2.0 */
/* Something happened: topics within the process and, where a broker is loaded, beyond it. Draft.
 *
 * Delivery is at most once. The host publishes JSON under "microhost.", for subscribers in the process only: "module.loaded"
 * {"id","version","generation"}, "config.committed" {}, "registry.changed" {"revision"}, "listener.opened" with all that are
 * open [{"name","module","address","tls"}].
 */
#ifndef MICROHOST_DRAFT_EVENT_H
#define MICROHOST_DRAFT_EVENT_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_EVENT_BUS "mh.event/1"

typedef struct mh_event {
    uint32_t size;
    uint32_t n_headers;
    mh_str topic;
    mh_str content_type;
    const mh_kv *headers;
    mh_seg body;
    mh_str id;       /* given by the host when empty */
    mh_str origin;   /* module id, "broker:NAME", or "command:publish"; the host fills it in */
    int64_t time_ms; /* since 1970, UTC; the host fills it in when 0 */
    uint64_t lost;   /* how many events the subscriber's queue dropped since the last delivery */
} mh_event;

enum {
    MH_EVENT_LOCAL = 1u << 0, /* publish: do not hand it to brokers; subscribe: only events of this process */
    MH_EVENT_QUEUE = 1u << 1  /* subscribe: of all subscribers of the module with this bit and topic one gets each event */
};

typedef struct mh_event_bus {
    uint32_t size;
    uint32_t reserved;

    /* Publishes. `size`, `topic` and `body` are needed, the rest may be empty. MH_E_LIMIT over 1 MiB, or over 64 headers or
     * 64 KiB of them; MH_E_BUSY when the queue of the broker is full: subscribers in the process have got it even then;
     * MH_E_DENIED for topics of "microhost."; MH_E_INVALID for a topic that is empty, longer than 255 bytes or holds spaces.
     * [any] [copied] */
    mh_status (*publish)(const mh_host *h, const mh_event *e, uint32_t flags);
    /* Calls fn on this thread for each event of a topic; a `topic` that ends in ".*" takes all that begin so. 256 events or
     * 16 MiB of them wait at most, then the oldest is dropped. Ends with unsubscribe() or the module.
     * [loop] [main] [event lent: until fn returns] */
    mh_status (*subscribe)(const mh_host *h, mh_str topic, uint32_t flags, void (*fn)(void *user, const mh_event *e),
                           void *user, mh_token *out);
    /* After it, fn is not called again.
     * [thread of subscribe] */
    mh_status (*unsubscribe)(mh_token t);

    /* As subscribe; with MH_EVENT_QUEUE those of the module that name the same `queue` and topic share it. It may be empty.
     * [loop] [main] [event lent: until fn returns] */
    mh_status (*subscribe_queue)(const mh_host *h, mh_str topic, mh_str queue, uint32_t flags,
                                 void (*fn)(void *user, const mh_event *e), void *user, mh_token *out);
} mh_event_bus;

#ifdef __cplusplus
}
#endif
#endif
