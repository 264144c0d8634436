// SPDX-License-Identifier: Apache-2.0
/// Rig: the least of a serving process that a module can live in: a control loop on this thread and one request loop. Nothing
/// listens, nothing is registered, the log goes to standard error.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "config/config.hpp"
#include "control/quiet_desks.hpp"
#include "http/engine.hpp"
#include "loop/loop.hpp"
#include "module/environment.hpp"
#include "module/module_set.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "rpc/engine.hpp"
#include "serve/request_loop.hpp"

namespace microhost::tool {

class Rig {
  public:
    /// The thread that calls it is [main] from now on.
    static Result<std::unique_ptr<Rig>> make();
    ~Rig();

    /// Turns the control loop until `done`. For ever: whoever runs this has a time limit.
    void until(const bool& done);
    /// Takes the module from what it is to serving.
    Result<> start();
    /// Drains and destroys what was started or created.
    void stop();

    std::unique_ptr<log::Log> log;
    observe::Metrics metrics{1};
    Loop control{1};
    std::vector<std::unique_ptr<serve::RequestLoop>> loops;
    std::unique_ptr<http::Engine> main_http;
    std::unique_ptr<rpc::Engine> main_rpc;
    config::Config config;  // nothing was configured
    std::unique_ptr<control::QuietDesks> desks;
    std::unique_ptr<module::Environment> environment;
    std::unique_ptr<module::ModuleSet> modules;

  private:
    Rig() = default;
};

}  // namespace microhost::tool
