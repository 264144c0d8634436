// SPDX-License-Identifier: Apache-2.0
/// What stands in for modules that are wanted and must not run.
#pragma once

#include <microhost/draft/http_handler.h>

#include <string>
#include <vector>

#include "config/config.hpp"
#include "supervise/quarantine.hpp"

namespace microhost::serve {

/// Notes them in the configuration: their filters are missing, and fail as their phase or the operator says.
void mark_absent(config::Config& config, const std::vector<supervise::HeldBack>& held);

/// Answers 503 for the handler of such a module. It must outlive the sites that use it.
class AbsentHandler {
  public:
    AbsentHandler();
    const mh_http_handler* handler() const { return &handler_; }

  private:
    mh_http_handler handler_{};
};

}  // namespace microhost::serve
