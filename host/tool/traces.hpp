// SPDX-License-Identifier: Apache-2.0
/// Traces: what a module can leave behind in a process, or change for all of it.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "module/trial.hpp"

namespace microhost::tool {

struct Traces {
    static Traces now();
    /// What is different now from what was `before`.
    std::vector<module::Finding> since(const Traces& before) const;

    std::set<int> threads;
    std::set<int> children;
    std::map<int, std::string> descriptors;  // and what they lead to
    std::array<struct sigaction, NSIG> handlers{};
    std::set<int> blocked;  // signals, in this thread
    std::string folder, locale;
    mode_t umask = 0;
    std::map<std::string, std::string> environment;
    unsigned float_mode = 0;
    size_t memory = 0;  // allocated by malloc, 0 where that is not counted
};

}  // namespace microhost::tool
