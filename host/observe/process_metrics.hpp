// SPDX-License-Identifier: Apache-2.0
/// Metrics that are read at the moment of the scrape: the process, the logs.
#pragma once

#include <string_view>

namespace microhost::log {
class Log;
}

namespace microhost::observe {

class AccessLog;
class Metrics;

/// Memory, descriptors, CPU time and start time, from /proc; and the version of the host.
void add_process_metrics(Metrics& metrics, std::string_view version);
/// The log must outlive the metrics.
void add_log_metrics(Metrics& metrics, const log::Log& log);
void add_access_log_metrics(Metrics& metrics, const AccessLog& log);

}  // namespace microhost::observe
