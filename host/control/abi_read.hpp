// SPDX-License-Identifier: Apache-2.0
/// The tables through which modules read what the process knows about itself: log, configuration, metrics.
#pragma once

#include <microhost/draft/config_read.h>
#include <microhost/draft/log_read.h>
#include <microhost/draft/metrics_read.h>

namespace microhost::control {

extern const mh_log_read kLogReadTable;
extern const mh_config_read kConfigReadTable;
extern const mh_metrics_read kMetricsReadTable;

}  // namespace microhost::control
