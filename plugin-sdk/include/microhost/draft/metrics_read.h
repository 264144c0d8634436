/* SPDX-License-Identifier: Apache-2.0 */
/* What the process measured: the current values, and rings of what passed through it, for graphs. Draft. */
#ifndef MICROHOST_DRAFT_METRICS_READ_H
#define MICROHOST_DRAFT_METRICS_READ_H

#include <microhost/draft/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_METRICS_READ "mh.metrics.read/1"

/* One series at one moment. */
typedef struct mh_metric_sample {
    uint32_t size;
    int32_t kind; /* MH_METRIC_* */
    mh_str name;  /* "microhost_requests_total" */
    mh_str help;
    const mh_kv *labels;
    uint32_t n_labels;
    uint32_t n_buckets;      /* histograms only, else 0 */
    double value;            /* counter, gauge; a histogram's sum, in seconds */
    uint64_t count;          /* a histogram's observations, else 0 */
    const double *bounds;    /* upper bounds in seconds, ascending; the last one is infinite */
    const uint64_t *buckets; /* observations up to each bound, cumulative */
} mh_metric_sample;

/* Of what a line of traffic tells. */
enum {
    MH_TRAFFIC_ALL = 0,      /* every request that was answered; name and detail are empty */
    MH_TRAFFIC_LISTENER = 1, /* name: the listener */
    MH_TRAFFIC_ROUTE = 2,    /* name: the module that answered; detail: its route, for an RPC service/Endpoint */
    MH_TRAFFIC_SERVICE = 3,  /* name: the service that was called */
    MH_TRAFFIC_MODULE = 4,   /* name: its id; "requests" are calls into it */
    MH_TRAFFIC_UPSTREAM = 5  /* name: host name or address */
};

/* What passed in one step; NAN where nothing was measured. Stands in arrays with a stride. */
typedef struct mh_traffic_point {
    float requests; /* per second; of a listener connections accepted */
    float errors;   /* per second: 5xx, failed calls, failed requests to an upstream */
    float p50_ms;
    float p90_ms;
    float p99_ms;
    float
        open; /* at the end of the step: of all requests in flight, of a service streams, of listeners and upstreams connections */
    float busy;  /* of a module: share of one processor */
    float bytes; /* of a listener and of all: received and sent, per second */
} mh_traffic_point;

typedef struct mh_traffic {
    uint32_t size;
    int32_t kind; /* MH_TRAFFIC_* */
    mh_str name;
    mh_str detail;
    const mh_traffic_point *points; /* oldest first; the last one ends at `end_ms` */
    uint32_t n;
    uint32_t stride; /* sizeof(mh_traffic_point) */
} mh_traffic;

enum {
    MH_RING_SECONDS = 0, /* the last 5 minutes, one point a second */
    MH_RING_TENS = 1     /* the last hour, one point for ten seconds: means of rates, the highest quantiles */
};

typedef struct mh_metrics_read {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each series whose name begins with `prefix` (empty: all), sorted by name and labels, summed over the loops.
     * What only the loops know of listeners, filters and upstreams is as old as they were asked last: while the process measures
     * traffic a second.
     * [main] [lent: until fn returns] */
    mh_status (*each)(const mh_host *h, mh_str prefix, void (*fn)(void *user, const mh_metric_sample *s), void *user);
    /* Calls fn for every line of traffic, by kind, name and detail, with at most its last `most` points (0: all). The process
     * measures since a module that runs has first required this interface. A line begins when something first passes, and has as
     * many points as steps have passed since; listeners and "all" are always there. A line that has seen nothing for an hour is
     * forgotten; over 500 lines of a kind those that come later are not kept. `*end_ms` (may be NULL): when the newest points
     * ended, since 1970; 0: there is none yet.
     * [main] [lent: until fn returns] */
    mh_status (*traffic)(const mh_host *h, int32_t ring, uint32_t most, int64_t *end_ms,
                         void (*fn)(void *user, const mh_traffic *t), void *user);
    /* Calls fn on [main] after each new point of MH_RING_SECONDS. MH_E_LIMIT: the process has 64 already. Ends with unwatch() or
     * the module.
     * [main] */
    mh_status (*watch)(const mh_host *h, void (*fn)(void *user), void *user, mh_token *out);
    /* After it, fn is not called again. MH_E_GONE when it is over.
     * [main] */
    mh_status (*unwatch)(mh_token t);
} mh_metrics_read;

#ifdef __cplusplus
}
#endif
#endif
