// SPDX-License-Identifier: Apache-2.0
/// Processes of this program that belong to the terminal it was started on.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "registry/fd.hpp"

namespace microhost::tool {

using registry::Fd;

/// A child, and what tells of its end.
struct Spawned {
    pid_t pid = -1;
    Fd ended;         ///< a pidfd: readable when it has ended
    int problem = 0;  ///< errno: there is none
    explicit operator bool() const { return problem == 0; }
};

/// On our standard streams and in our process group, so that the terminal's keys reach it as they reach us.
Spawned spawn_beside(const std::string& program, const std::vector<std::string>& args);
/// In a group of its own, with nothing but `output` to write to.
Spawned spawn_quiet(const std::string& program, const std::vector<std::string>& args, int output);

/// Its exit status, or 128 + the signal that ended it. Waits for the end.
int reap(pid_t pid);

}  // namespace microhost::tool
