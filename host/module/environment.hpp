// SPDX-License-Identifier: Apache-2.0
/// What modules live in: made once by the process, reached by every interface through HostSide, gone after the last module.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "module/cache.hpp"
#include "module/contribution.hpp"
#include "module/host_interface.hpp"
#include "observe/log.hpp"

namespace microhost {
class Loop;
}
namespace microhost::observe {
class Metrics;
}
namespace microhost::command {
class Table;
}

namespace microhost::module {

class EventBus;
class FileWatch;
class HealthBoard;
class KvStore;
class Operations;
class RateLimits;
class Timers;
class WorkPool;

struct EnvironmentOptions {
    unsigned workers = 4;
    size_t work_queue = 1024;
    std::string module_cache;   ///< folder of ModuleCache
    bool map_in_place = false;  ///< no copies: for a process that loads a file once
    std::string state_dir;      ///< where durable namespaces of kv are kept; empty: nowhere
    const char* version = "0";  ///< of the program, for logs; lives as long as the process
};

/// Made and destroyed on main, after and before the loops; it offers the interfaces that need nothing of other folders.
struct Environment {
    /// `loops`: of requests, index 0..n-1; `control`: index n.
    Environment(log::Log& log, observe::Metrics& metrics, Loop& control, std::vector<Loop*> loops,
                const EnvironmentOptions& options = {});
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    const char* const version;
    log::Log& log;
    observe::Metrics& metrics;
    Loop& control;
    std::vector<Loop*> loops;
    InterfaceTable interfaces;
    Points points;
    ModuleCache cache;
    std::unique_ptr<EventBus> events;
    std::unique_ptr<HealthBoard> health;
    std::unique_ptr<KvStore> kv;
    std::unique_ptr<RateLimits> limits;
    std::unique_ptr<Timers> timers;
    std::unique_ptr<FileWatch> files;
    std::unique_ptr<WorkPool> work;
    // Of the process; null where there is none, as in tests.
    command::Table* commands = nullptr;
    Operations* operations = nullptr;
    std::string go_module;  ///< the one with a Go runtime, if there is one (go_runtime.hpp)

    unsigned control_index() const { return static_cast<unsigned>(loops.size()); }
    /// Runs fn(index) on every request loop that still turns, then `done` on main. Thread: any.
    void on_every_loop(std::function<void(unsigned)> fn, std::function<void()> done);
};

}  // namespace microhost::module
