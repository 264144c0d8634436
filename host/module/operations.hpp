// SPDX-License-Identifier: Apache-2.0
/// What an operator does with the modules of a running process. Commands and mh.modules work on this; host/serve does it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "result.hpp"

namespace microhost::module {

enum class ModuleState : uint8_t { loading, running, draining, parked, failed, quarantined };

/// One generation that is mapped, or a module that is left out.
struct ModuleRow {
    std::string id, version, path, summary;
    std::string detail;    ///< why it failed, or what it waits for
    std::string manifest;  ///< JSON
    uint32_t generation = 1;
    ModuleState state = ModuleState::loading;
    bool pinned = false;    ///< may never be unmapped
    int64_t loaded_ms = 0;  ///< since 1970; 0: not known
    uint64_t bytes = 0;     ///< mapped for it; 0: not known
    uint64_t requests = 0;  ///< what keeps it from being stopped: requests, streams, tokens
    uint64_t handles = 0;   ///< callbacks that are still to come
    // Of the module, over all its generations.
    uint64_t calls = 0, cpu_ns = 0, errors = 0;
};

/// Thread: main.
class Operations {
  public:
    /// Once, on main, perhaps before the call returns: one line for the operator either way.
    using Done = std::function<void(Result<std::string>)>;

    virtual ~Operations() = default;
    /// In the order of loading; then what is left out.
    virtual std::vector<ModuleRow> list() const = 0;
    /// By name (searched in the module path) or by path (with a "/").
    virtual void load(std::string name, Done done) = 0;
    /// Takes the file again, and replaces the running generation.
    virtual void reload(std::string id, Done done) = 0;
    /// Done when it is withdrawn; draining goes on behind it. Who asks may be that module: it is in use until then.
    virtual void unload(std::string id, Done done) = 0;
    /// Ends a quarantine, and loads what was in it.
    virtual void release(std::string id, Done done) = 0;
};

}  // namespace microhost::module
