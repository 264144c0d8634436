// SPDX-License-Identifier: Apache-2.0
/// Which metrics the handles of mh.metrics mean.
#pragma once

namespace microhost::observe {
class Metrics;
}

namespace microhost::module {

/// Null when the environment ends. Thread: main.
void set_current_metrics(observe::Metrics* metrics);

}  // namespace microhost::module
