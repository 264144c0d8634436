/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, gauges and histograms that the host sums over its loops and exposes. Draft.
 *
 * Names follow Prometheus: counters end in _total, times are given in microseconds and exposed in seconds.
 * An addition is a plain store to a cell of the calling loop.
 */
#ifndef MICROHOST_DRAFT_METRICS_H
#define MICROHOST_DRAFT_METRICS_H

#include <microhost/core.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_METRICS "mh.metrics/1"

enum { MH_METRIC_COUNTER = 0, MH_METRIC_GAUGE = 1, MH_METRIC_HISTOGRAM = 2 };

typedef struct mh_metrics {
    uint32_t size;
    uint32_t reserved;

    /* Defines a metric; the same name and labels again answer the same id. 0 on failure. Everything is copied.
     * [main] */
    uint32_t (*define)(const mh_host *h, int32_t kind, const char *name, const char *help, const char *const *labels,
                       uint32_t n_labels);
    /* The series for these label values on the calling loop, to be kept. Over 1000 series of a metric the answer is the one
     * whose labels are all "other". 0 on failure.
     * [loop] [main] */
    uint64_t (*series)(const mh_host *h, uint32_t metric, const mh_str *values, uint32_t n);
    /* Adds to a counter or gauge of the loop that made the series.
     * [loop] [main] */
    void (*add)(uint64_t series, int64_t v);
    /* Records microseconds in a histogram.
     * [loop] [main] */
    void (*observe_us)(uint64_t series, uint64_t us);
} mh_metrics;

#ifdef __cplusplus
}
#endif
#endif
