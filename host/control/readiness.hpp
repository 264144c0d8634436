// SPDX-License-Identifier: Apache-2.0
/// Whether the process should be sent requests, and if not, why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/census.hpp"
#include "control/sources.hpp"

namespace microhost::control {

enum class CheckState : uint8_t { ok, degraded, failing };

struct Check {
    std::string name;
    CheckState state = CheckState::ok;
    std::string text;  // empty for one that is well
};

/// What the checks are made of, besides Sources.
struct Condition {
    bool started = false;
    bool draining = false;
    size_t stalled_loops = 0;
};

/// "started", "draining", "listeners", "filter:NAME" for each instance, "registry", "loops", "MODULE:NAME" of modules. What
/// stands degraded does not make the process unready. Thread: main.
std::vector<Check> readiness(const Sources& sources, const LoopFigures& figures,
                             const Condition& now);
/// No check is failing.
bool ready(const std::vector<Check>& checks);

/// "[+]NAME ok", "[+]NAME degraded: TEXT" or "[-]NAME TEXT", one line each.
std::string verbose_text(const std::vector<Check>& checks);
/// "ready", or "not ready: NAME TEXT" with the first that is failing; and a newline.
std::string brief_text(const std::vector<Check>& checks);

}  // namespace microhost::control
