/* SPDX-License-Identifier: Apache-2.0 */
/* What the process measured: the current values, and a ring of samples for graphs. Draft. */
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

typedef struct mh_metrics_read {
    uint32_t size;
    uint32_t reserved;

    /* Calls fn for each series whose name begins with `prefix` (empty: all), sorted by name and labels, summed over the loops.
     * [main] [lent: until fn returns] */
    mh_status (*each)(const mh_host *h, mh_str prefix, void (*fn)(void *user, const mh_metric_sample *s), void *user);
    /* Past values of one series, oldest first, one every `*step_ms`; the host keeps the last 15 minutes. For a counter the
     * values are increases per second, for a histogram the quantile `q` (0..1) in seconds; NAN where nothing was measured.
     * MH_E_NOT_FOUND when there is no such series.
     * [main] [lent: until return to the host] */
    mh_status (*history)(const mh_host *h, mh_str name, const mh_kv *labels, uint32_t n_labels, double q, const double **values,
                         uint32_t *n, uint32_t *step_ms);
    /* Calls fn on [main] after each new sample of the ring. Ends with unwatch() or the module.
     * [main] */
    mh_status (*watch)(const mh_host *h, void (*fn)(void *user), void *user, mh_token *out);
    /* After it, fn is not called again.
     * [main] */
    mh_status (*unwatch)(mh_token t);
} mh_metrics_read;

#ifdef __cplusplus
}
#endif
#endif
