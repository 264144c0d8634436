/* SPDX-License-Identifier: Apache-2.0 */
/* A bridge from the topics of the process to a broker outside: NATS, MQTT, Micro's HTTP broker. Draft. */
#ifndef MICROHOST_DRAFT_EVENT_BROKER_H
#define MICROHOST_DRAFT_EVENT_BROKER_H

#include <microhost/draft/event.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_EVENT_BROKER "mh.event.broker/1"

/* Contributed with mh_host.contribute(MH_EVENT_BROKER, &broker). */
typedef struct mh_event_broker {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* "nats"; unique in the process */
    void *user;

    /* Sends an event out. Events that this broker delivered never come back to it. MH_E_BUSY when its queue is full.
     * [main] [lent: until return] */
    mh_status (*publish)(void *user, const mh_event *e);
    /* The first subscriber of a topic came; the same call again after a reload of the broker's module. `topic` may end in ".*".
     * [main] [lent: until return] */
    mh_status (*subscribe)(void *user, mh_str topic);
    /* The last one left.
     * [main] [lent: until return] */
    void (*unsubscribe)(void *user, mh_str topic);
} mh_event_broker;

#define MH_EVENT_SINK "mh.event.sink/1"

typedef struct mh_event_sink {
    uint32_t size;
    uint32_t reserved;

    /* An event came from outside.
     * [any] [copied] */
    mh_status (*deliver)(const mh_host *h, const mh_event_broker *b, const mh_event *e);
    /* The broker cannot be reached (or can again, MH_OK): shown in health.
     * [any] [copied] */
    void (*trouble)(const mh_host *h, const mh_event_broker *b, mh_status s, mh_str text);
} mh_event_sink;

#ifdef __cplusplus
}
#endif
#endif
