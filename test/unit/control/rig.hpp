// SPDX-License-Identifier: Apache-2.0
/// What a Control shows, made up; no module is loaded.
#pragma once

#include "control/sources.hpp"
#include "http/engine.hpp"
#include "module/health.hpp"
#include "module/host_side.hpp"
#include "module/module_set.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace microhost::control {

struct Rig {
    explicit Rig(unsigned request_loops = 0)
        : log(*log::Log::open(
              {.levels = "error", .format = log::Format::text, .path = "/dev/null"})),
          metrics(request_loops),
          loop(request_loops),
          http(loop, limits, log->domain("test"), &metrics) {
        loop.adopt_thread();
        http.adopt_thread();
    }

    Sources sources(std::vector<Loop*> loops = {}, std::string socket = {}) {
        return {http,
                std::move(loops),
                *log,
                metrics,
                modules,
                health,
                "test",
                "1.2.3",
                std::move(socket),
                false,
                {},
                [this] { return known; },
                [this] { return listeners; },
                {},
                nullptr,
                [this] { return providers; }};
    }
    void set_health(const char* check, module::Health state, std::string_view text) {
        health.set(side, check, state, text);
    }

    http::Limits limits;
    std::unique_ptr<log::Log> log;
    observe::Metrics metrics;
    Loop loop;
    http::Engine http;
    // Neither is looked into.
    module::ModuleSet modules{*reinterpret_cast<module::Environment*>(8)};
    module::HostSide side{*reinterpret_cast<module::Environment*>(8),
                          *reinterpret_cast<module::Generation*>(8), log->domain("test"), "guest"};
    module::HealthBoard health;
    std::shared_ptr<const registry::Snapshot> known = std::make_shared<registry::Snapshot>(
        registry::Snapshot::Services{}, std::vector<registry::Vanished>{}, 0u, uint64_t{1}, true);
    std::vector<registry::ProviderRow> providers;
    std::vector<ListenerRow> listeners{{"edge", "guest", "127.0.0.1:8080", false, false, {}}};
};

}  // namespace microhost::control
