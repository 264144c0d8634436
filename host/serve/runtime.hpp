// SPDX-License-Identifier: Apache-2.0
/// The life of a serving process, from its configuration to its exit status.
#pragma once

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "module/loader.hpp"
#include "serve/intent.hpp"

namespace microhost::serve {

/// What was decided before anything starts.
struct Prepared {
    Intent intent;
    config::Config config;  // of the modules that it names
    module::Loader loader;
    std::vector<module::CandidatePtr> modules;  // that were looked at for it
};

class Runtime {
  public:
    explicit Runtime(Prepared prepared);
    ~Runtime();

    /// Loads, listens, serves until it is told to stop. The exit status: 0 after a clean stop, 2 when it could not start
    /// (one line on stderr says why).
    int run();

    struct State;

  private:
    std::unique_ptr<State> s_;
};

}  // namespace microhost::serve
